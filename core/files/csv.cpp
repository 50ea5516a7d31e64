#include "core/files/csv.hpp"

#include <charconv>
#include <cmath>

namespace lightloom {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t from = text.find_first_not_of(blanks);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

}  // namespace

void csv_cells(std::string_view line, std::vector<std::string_view>& cells) {
  cells.clear();
  line = trimmed(line);
  while (!line.empty()) {
    const std::size_t comma = line.find(',');
    cells.push_back(trimmed(line.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    line.remove_prefix(comma + 1);
  }
}

std::vector<CsvLine> csv_lines(std::string_view text, CsvComments comments) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<CsvLine> lines;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (trimmed(line).empty()) continue;
    if (line.front() == '#') {
      if (comments == CsvComments::kept) lines.push_back({number, {trimmed(line)}});
      continue;
    }
    csv_cells(line, lines.emplace_back(CsvLine{number, {}}).cells);
  }
  return lines;
}

std::optional<double> csv_number(std::string_view cell) {
  const char* begin = cell.data();
  const char* end = begin + cell.size();
  if (cell.size() > 1 && *begin == '+' && begin[1] != '-') ++begin;
  double value = 0;
  const auto [stop, problem] = std::from_chars(begin, end, value);
  if (problem != std::errc{} || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace lightloom

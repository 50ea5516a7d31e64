#include "calibration/tables/text/lab_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/files/csv.hpp"
#include "core/letters.hpp"
#include "core/tables/plain_text.hpp"

namespace lightloom::calibration {
namespace {

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\v\f";
  const std::size_t from = text.find_first_not_of(blanks);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// Units in letters: all micro signs, that of Latin-1 among them, are written u.
std::string with_plain_units(std::string text) {
  for (const std::string_view micro : {"\xC2\xB5", "\xCE\xBC", "\xB5"})
    replace_all(text, micro, "u");
  return text;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Without the marks between groups of three digits ("1,550.25", "1.550,25", "1 550.25",
/// "1'550.25") where they can be nothing else: a comma or point needs the other one behind it.
/// As it is where there are none; `point` is the decimal mark.
std::string without_groups(std::string_view cell, char point) {
  const std::string_view sign = cell.substr(0, cell.starts_with('-') || cell.starts_with('+'));
  const std::string_view number = cell.substr(sign.size());
  const std::size_t first = number.find_first_of(", .'");
  if (first == 0 || first > 3 || first == std::string_view::npos || number[0] == '0' ||
      number[first] == point)
    return std::string(cell);
  const char mark = number[first];
  std::string whole(sign);
  whole += number.substr(0, first);
  std::size_t at = first;
  while (at < number.size() && number[at] == mark) {
    if (at + 4 > number.size() ||
        !std::all_of(number.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                     number.begin() + static_cast<std::ptrdiff_t>(at) + 4, is_digit))
      return std::string(cell);
    whole += number.substr(at + 1, 3);
    at += 4;
  }
  const bool decimals = at < number.size() && number[at] == point;
  if (at < number.size() && !decimals) return std::string(cell);
  if ((mark == ',' || mark == '.') && !decimals) return std::string(cell);
  return whole + std::string(number.substr(at));
}

}  // namespace

std::vector<LabLine> lab_lines(std::string_view bytes, const std::string& origin) {
  const std::string text = with_plain_units(plain_text(std::string(bytes), origin));
  std::vector<LabLine> lines;
  std::size_t from = 0;
  for (int number = 1; from < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    const std::string_view line = std::string_view(text).substr(from, end - from);
    if (!without_blanks(line).empty()) lines.push_back({number, std::string(line)});
    from = end + 1;
  }
  return lines;
}

std::vector<std::string> lab_cells(std::string_view line, const LabDialect& dialect) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  const bool blanks = dialect.delimiter == ' ';
  if (blanks) line = without_blanks(line);
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (blanks ? c == ' ' || c == '\t' : c == dialect.delimiter)) {
      if (!blanks || !cells.back().empty()) cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  for (std::string& cell : cells) cell = std::string(without_blanks(cell));
  return cells;
}

std::optional<double> lab_number(std::string_view cell, const LabDialect& dialect) {
  std::string text =
      cell.size() > 4 ? without_groups(cell, dialect.decimal_comma ? ',' : '.') : std::string(cell);
  if (dialect.decimal_comma) {
    if (text.find('.') != std::string::npos) return std::nullopt;
    std::replace(text.begin(), text.end(), ',', '.');
  }
  std::replace(text.begin(), text.end(), 'D', 'E');
  const std::optional<double> value = csv_number(text);
  return value && std::abs(*value) < 9e37 ? value : std::nullopt;
}

bool is_missing(std::string_view cell, const LabDialect& dialect) {
  static constexpr std::array<std::string_view, 18> words{
      "",    "nan", "na",   "n/a", "#n/a", "null", "none",     "-",         "--",
      "---", "ovl", "o.l.", "ol",  "over", "ovf",  "overflow", "overrange", "overload"};
  const std::string text = small_letters(cell);
  if (std::find(words.begin(), words.end(), text) != words.end()) return true;
  const std::string_view bare = text.starts_with('+') || text.starts_with('-')
                                    ? std::string_view(text).substr(1)
                                    : std::string_view(text);
  if (text.starts_with("#") && text.size() < 12 &&
      (text.ends_with("!") || text.ends_with("?") || text == "#nv" || text == "#n/a"))
    return true;  // a spreadsheet's errors: #DIV/0!, #WERT!, #NAME?
  if (bare == "inf" || bare == "infinity" || bare == "nan" || bare == "1.#inf" ||
      bare == "1.#qnan" || bare == "1.#ind")
    return true;
  if (lab_number(cell, dialect)) return false;
  std::string number(cell);
  if (dialect.decimal_comma) std::replace(number.begin(), number.end(), ',', '.');
  return csv_number(number).has_value();  // 9.9e37 and more
}

}  // namespace lightloom::calibration

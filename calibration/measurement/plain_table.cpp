#include "calibration/measurement/plain_table.hpp"

#include <algorithm>
#include <cctype>

#include "calibration/tables/text/lab_text.hpp"
#include "core/letters.hpp"

namespace lightloom::calibration {
namespace {

/// What stands behind the first name of a header; '\0' where the line is none.
char delimiter_in(std::string_view text) {
  const std::string line = small_letters(text);
  for (const std::string_view name : {"setting", "sweep"}) {
    std::size_t at = line.find_first_not_of(" \"");
    if (at == std::string::npos || line.compare(at, name.size(), name) != 0) continue;
    at = line.find_first_not_of(" \"", at + name.size());
    if (at != std::string::npos && (line[at] == ',' || line[at] == ';' || line[at] == '\t'))
      return line[at];
  }
  return '\0';
}

/// A comment without delimiters at its end; with decimal points behind its last sign of equality.
std::string plain_note(std::string line, const LabDialect& dialect) {
  while (!line.empty() &&
         (line.back() == dialect.delimiter || line.back() == '\r' || line.back() == ','))
    line.pop_back();
  const std::size_t equal = line.rfind('=');
  if (!dialect.decimal_comma || equal == std::string::npos) return line;
  for (std::size_t i = equal; i + 1 < line.size(); ++i)
    if (line[i] == ',' && std::isdigit(static_cast<unsigned char>(line[i - 1])) != 0 &&
        std::isdigit(static_cast<unsigned char>(line[i + 1])) != 0)
      line[i] = '.';
  return line;
}

std::string plain_row(const std::string& line, const LabDialect& dialect) {
  std::string row;
  std::vector<std::string> cells = lab_cells(line, dialect);
  while (cells.size() > 1 && cells.back().empty()) cells.pop_back();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (dialect.decimal_comma) std::replace(cells[i].begin(), cells[i].end(), ',', '.');
    row += (i == 0 ? "" : ",") + cells[i];
  }
  return row;
}

}  // namespace

std::string plain_table(std::string_view text) {
  LabDialect dialect{'\0', false};
  const std::vector<LabLine> lines = lab_lines(text, "measurements");
  for (const LabLine& line : lines) {
    if (dialect.delimiter == '\0') dialect.delimiter = delimiter_in(line.text);
    if (dialect.delimiter != '\0') break;
  }
  if (dialect.delimiter == '\0') return std::string(text);
  if (dialect.delimiter != ',')
    dialect.decimal_comma = std::any_of(lines.begin(), lines.end(), [](const LabLine& line) {
      return line.text.find('#') == std::string::npos && line.text.find(',') != std::string::npos;
    });
  std::string plain;
  int number = 1;
  for (const LabLine& line : lines) {
    for (; number < line.number; ++number) plain += "\n";  // lines keep their numbers
    const bool note = line.text.find_first_not_of(" \"") != std::string::npos &&
                      line.text[line.text.find_first_not_of(" \"")] == '#';
    plain += note ? plain_note(line.text, dialect) : plain_row(line.text, dialect);
  }
  return plain + "\n";
}

}  // namespace lightloom::calibration

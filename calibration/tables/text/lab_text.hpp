#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lightloom::calibration {

/// One line of a text file that is not empty, and where it stands.
struct LabLine {
  int number = 0;  // from 1
  std::string text;
};

/// The lines of a file as instruments write it, in any encoding that plain_text takes; micro signs
/// (that of Latin-1 too) are read as u. Throws `Error` for bytes that are no text.
std::vector<LabLine> lab_lines(std::string_view bytes, const std::string& origin);

/// How the cells of a table are divided and its numbers written.
struct LabDialect {
  char delimiter = ',';        // ' ': any blanks
  bool decimal_comma = false;  // 0,5 instead of 0.5
};

/// The cells of one line, without blanks and quotes around them; a delimiter at the end adds none.
std::vector<std::string> lab_cells(std::string_view line, const LabDialect& dialect);

/// A cell as a finite number: 1, +2.5E-03, 1D+00, 0,5 with decimal commas, thousands as in
/// 1,550.25 or 1.550,25 (with decimals behind them), 1 550.2 and 1'550.2; nullopt for anything
/// else.
std::optional<double> lab_number(std::string_view cell, const LabDialect& dialect);

/// Whether a cell stands for no reading: empty, NaN, NA, -, an infinity, OVL, or a number of 9.9e37
/// or more, by which SCPI instruments say that they have none.
bool is_missing(std::string_view cell, const LabDialect& dialect);

}  // namespace lightloom::calibration

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace lightloom::experiments {

/// Rows of text in aligned columns: the first column to the left, the others to the right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header);
  void row(std::vector<std::string> cells);
  /// A line between rows.
  void rule();
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // an empty row is a rule
};

/// "1.23 us", "4.5 nJ": three digits with an SI prefix; units that take none are written as they
/// are.
std::string with_prefix(double value, const std::string& unit);
/// "97.31 %"
std::string percent(double share);
/// One line "problem: ..." for each.
std::string problems_text(const std::vector<std::string>& problems);

}  // namespace lightloom::experiments

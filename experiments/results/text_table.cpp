#include "experiments/results/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace lightloom::experiments {

TextTable::TextTable(std::vector<std::string> header) {
  rows_.push_back(std::move(header));
  rule();
}

void TextTable::row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

void TextTable::rule() { rows_.emplace_back(); }

std::string TextTable::text() const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::size_t whole = widths.empty() ? 0 : 2 * (widths.size() - 1);
  for (const std::size_t width : widths) whole += width;
  std::string text;
  for (const auto& row : rows_) {
    std::string line = row.empty() ? std::string(whole, '-') : "";
    for (std::size_t i = 0; i < row.size(); ++i)
      line += i == 0 ? fmt::format("{:<{}}", row[i], widths[i])
                     : fmt::format("  {:>{}}", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string with_prefix(double value, const std::string& unit) {
  constexpr std::array<std::pair<double, const char*>, 10> prefixes{{{1e12, "T"},
                                                                     {1e9, "G"},
                                                                     {1e6, "M"},
                                                                     {1e3, "k"},
                                                                     {1, ""},
                                                                     {1e-3, "m"},
                                                                     {1e-6, "u"},
                                                                     {1e-9, "n"},
                                                                     {1e-12, "p"},
                                                                     {1e-15, "f"}}};
  if (value == 0 || !std::isfinite(value)) return fmt::format("{} {}", value, unit);
  for (const auto& [scale, prefix] : prefixes)
    if (std::abs(value) >= 0.9995 * scale)
      return fmt::format("{:.3g} {}{}", value / scale, prefix, unit);
  return fmt::format("{:.3g} {}", value, unit);
}

std::string percent(double share) { return fmt::format("{:.2f} %", 100 * share); }

std::string problems_text(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& problem : problems) text += "problem: " + problem + "\n";
  return text;
}

}  // namespace lightloom::experiments

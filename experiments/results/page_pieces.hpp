#pragma once

#include <string>
#include <vector>

namespace lightloom::experiments {

// Pieces of self-contained HTML pages without a script. Texts are text: what looks like markup in
// them is shown as it is, but for the body of a page.

/// A page with a title, a line below it and a body.
std::string whole_page(const std::string& title, const std::string& below, const std::string& body);

/// A list of sentences under a title; nothing for none.
std::string sentences(const std::string& title, const std::vector<std::string>& lines);

/// Bars over an index from 0, with a line across.
struct BarChart {
  std::string title;
  std::vector<double> values;  // not negative, at least one
  double line = 1;             // where the line is, with its number beside it
  double alarm = 1.3;          // bars above it are red
  double least_top = 1.5;      // of the axis
};
std::string bars(const BarChart& chart);

}  // namespace lightloom::experiments

#include "experiments/studies/validation/validation_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/letters.hpp"
#include "experiments/results/embedded.hpp"
#include "experiments/results/html_text.hpp"
#include "experiments/studies/validation/validation_output.hpp"

namespace lightloom::experiments {
namespace {

constexpr const char* introduction =
    "Each card in data/chips says what a published chip is made of (inputs, each with its source), "
    "at most one number that was fitted, and what was measured on it. The predictions come from "
    "the same models as every other result of this program; nothing is tuned to agree, and what "
    "does not agree stands here with its likely reason.";

constexpr const char* marks_text =
    "Marks: published (printed in the paper), published_code (code or data that somebody "
    "published), independent_summary (a summary of the paper by others), measured (computed from "
    "published raw data), derived (arithmetic on such numbers), from_memory (not checked).";

/// A text of a card as one line of Markdown, which is no markup of HTML and no cell's end.
std::string markdown_text(const std::string& text) {
  std::string safe;
  for (const char letter : visible_text(text))
    safe += letter == '|'    ? "\\|"
            : letter == '<'  ? "&lt;"
            : letter == '\n' ? " "
                             : std::string(1, letter);
  return safe;
}

std::string markdown_table(const Cells& cells) {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    text += "|";
    for (const std::string& cell : cells[i]) text += " " + markdown_text(cell) + " |";
    text += "\n";
    if (i > 0) continue;
    text += "|";
    for (std::size_t column = 0; column < cells[0].size(); ++column) text += "---|";
    text += "\n";
  }
  return text;
}

std::string general_text(const ValidatedChip& chip) {
  if (chip.other_numbers == 0) return "";
  return fmt::format(
      "{} more numbers of the core's card are those of a general device card, not of this chip.",
      chip.other_numbers);
}

std::string html_table(const Cells& cells) {
  std::string html = "<div class=\"scroll\"><table>";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    html += "<tr>";
    const char* tag = i == 0 ? "th" : "td";
    for (const std::string& cell : cells[i])
      html += fmt::format("<{}>{}</{}>", tag, html_text(cell), tag);
    html += "</tr>";
  }
  return html + "</table></div>";
}

/// A point of the drawing.
struct Point {
  std::string label;
  double ratio = 1;
  bool fitted = false;
};

std::vector<Point> points_of(const Validation& validation) {
  std::vector<Point> points;
  for (const ValidatedChip& chip : validation.chips)
    for (const Compared& one : chip.predictions)
      if (const auto ratio = one.ratio(); ratio && *ratio > 0)
        points.push_back({chip.card.name + ": " + one.metric.name, *ratio, one.fitted});
  return points;
}

/// Ratios from a hundredth to a hundred, one line each; what lies beyond is at the edge.
std::string ratio_drawing(const Validation& validation) {
  static constexpr double left = 330, width = 560, line = 18, decades = 2;
  const std::vector<Point> points = points_of(validation);
  const double height = line * static_cast<double>(points.size()) + 26;
  const auto place = [](double ratio) {
    return left +
           width * (std::clamp(std::log10(ratio), -decades, decades) + decades) / (2 * decades);
  };
  std::string svg = fmt::format(
      "<h2>Predicted over published</h2><svg viewBox=\"0 0 900 {}\" role=\"img\" "
      "style=\"width:100%;max-width:900px\"><title>Predicted over published</title>",
      height);
  for (const double tick : {0.01, 0.1, 0.5, 1.0, 2.0, 10.0, 100.0})
    svg += fmt::format(
        "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"0\" y2=\"{1:.0f}\" stroke=\"currentColor\" "
        "stroke-opacity=\"{2}\"/><text x=\"{0:.1f}\" y=\"{3:.0f}\" font-size=\"11\" "
        "text-anchor=\"middle\" fill=\"currentColor\">{4}</text>",
        place(tick), height - 18, tick == 1.0 ? 0.8 : 0.15, height - 4, tick);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double y = line * (static_cast<double>(i) + 0.6);
    svg += fmt::format(
        "<text x=\"{:.0f}\" y=\"{:.1f}\" font-size=\"12\" text-anchor=\"end\" "
        "fill=\"currentColor\">{}</text><circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\" "
        "stroke=\"#3557c9\"><title>{}</title></circle>",
        left - 12, y + 4, html_text(points[i].label), place(points[i].ratio), y,
        points[i].fitted ? "none" : "#3557c9", three_digits(points[i].ratio));
  }
  return svg + "</svg><p>Hollow: fitted. A point at the edge lies at it or beyond.</p>";
}

std::string paragraph(const std::string& text) {
  return text.empty() ? "" : "<p>" + html_text(text) + "</p>";
}

}  // namespace

std::string validation_markdown(const Validation& validation) {
  std::string text = fmt::format(
      "# Published chips: predicted beside measured\n\nWritten by `lightloom validate --markdown "
      "FILE`, the same on every machine.\n\n{}\n\n{}\n\n"
      "Cells: predicted / published, ratio; of several numbers the range of their ratios.\n\n{}",
      introduction, agreement_text(validation.agreement()),
      markdown_table(summary_cells(validation)));
  text += fmt::format("\n{}\n", marks_text);
  for (const ValidatedChip& chip : validation.chips) {
    text += fmt::format("\n## {}\n\n{}\n\n{}\n\n", markdown_text(chip.card.name),
                        markdown_text(chip.card.summary), markdown_text(chip.card.paper));
    text += markdown_table(input_cells(chip));
    const std::string general = general_text(chip);
    if (!general.empty()) text += "\n" + general + "\n";
    text += "\n" + markdown_table(prediction_cells(chip));
    if (!chip.consequences.empty()) text += "\n" + markdown_table(consequence_cells(chip));
  }
  return text;
}

std::string validation_page(const Validation& validation) {
  const std::string title = "Published chips: predicted beside measured";
  std::string html = fmt::format(
      "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{} · lightloom</title>"
      "<style>{} h2{{margin-top:2em}} td,th{{text-align:left;white-space:normal}}</style></head>"
      "<body><main><h1>{}</h1>",
      title, embedded::page_style, title);
  html += paragraph(introduction) + paragraph(agreement_text(validation.agreement()));
  html += html_table(summary_cells(validation)) + ratio_drawing(validation);
  for (const ValidatedChip& chip : validation.chips) {
    html += fmt::format("<h2>{}</h2>", html_text(chip.card.name));
    html += paragraph(chip.card.summary) + paragraph(chip.card.paper);
    html += html_table(prediction_cells(chip));
    if (!chip.consequences.empty()) html += html_table(consequence_cells(chip));
    html += html_table(input_cells(chip)) + paragraph(general_text(chip));
  }
  return html + paragraph(marks_text) + "</main></body></html>\n";
}

}  // namespace lightloom::experiments

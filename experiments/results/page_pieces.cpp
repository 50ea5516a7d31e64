#include "experiments/results/page_pieces.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/results/embedded.hpp"
#include "experiments/results/html_text.hpp"

namespace lightloom::experiments {

std::string whole_page(const std::string& title, const std::string& below,
                       const std::string& body) {
  return fmt::format(
      "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{} · lightloom</title>"
      "<style>{} table{{border-collapse:collapse}} td,th{{padding:.2em .8em;text-align:left}}"
      "</style></head><body><main><h1>{}</h1><p>{}</p>{}</main></body></html>\n",
      html_text(title), embedded::page_style, html_text(title), html_text(below), body);
}

std::string sentences(const std::string& title, const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string html = fmt::format("<h2>{}</h2><ul>", html_text(title));
  for (const std::string& line : lines) html += "<li>" + html_text(line) + "</li>";
  return html + "</ul>";
}

std::string bars(const BarChart& chart) {
  const auto& [title, values, at, alarm, least_top] = chart;
  constexpr double width = 640, height = 140, left = 36;
  const double top = std::max(least_top, *std::max_element(values.begin(), values.end()) * 1.1);
  const double step = (width - left) / static_cast<double>(values.size());
  std::string svg = fmt::format(
      "<h2>{}</h2><svg viewBox=\"0 0 {} {}\" role=\"img\" style=\"width:100%\"><title>{}</title>",
      html_text(title), width, height + 18, html_text(title));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double high = height * values[i] / top;
    svg += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\">"
        "<title>{}: {:.3f}</title></rect>",
        left + step * static_cast<double>(i), height - high, 0.8 * step, high,
        values[i] > alarm ? "#c0392b" : "#4a7ebb", i, values[i]);
  }
  const double one = height - height * at / top;
  svg += fmt::format(
      "<line x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"currentColor\" "
      "stroke-dasharray=\"4\"/><text x=\"0\" y=\"{:.1f}\" fill=\"currentColor\">{:.3g}</text>"
      "<text x=\"{}\" y=\"{}\" fill=\"currentColor\" font-size=\"12\">0 ... {}</text></svg>",
      left, width, one, one, one + 4, at, left, height + 14, values.size() - 1);
  return svg;
}

}  // namespace lightloom::experiments

// The page of a fit: residuals, correlations, worst devices; one self-contained file, no script.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "calibration/calibrate.hpp"
#include "experiments/command_calibrate.hpp"
#include "experiments/embedded.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char letter : text)
    safe += letter == '&' ? "&amp;" : letter == '<' ? "&lt;" : std::string(1, letter);
  return safe;
}

/// Bars over an index, with a line at 1: RMS of residuals over their noise.
std::string bars(const std::string& title, const std::vector<double>& values) {
  constexpr double width = 640, height = 140, left = 36;
  const double top = std::max(1.5, *std::max_element(values.begin(), values.end()) * 1.1);
  const double step = (width - left) / static_cast<double>(values.size());
  std::string svg = fmt::format(
      "<h2>{}</h2><svg viewBox=\"0 0 {} {}\" role=\"img\" style=\"width:100%\"><title>{}</title>",
      title, width, height + 18, title);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double high = height * values[i] / top;
    svg += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\">"
        "<title>{}: {:.3f}</title></rect>",
        left + step * static_cast<double>(i), height - high, 0.8 * step, high,
        values[i] > 1.3 ? "#c0392b" : "#4a7ebb", i, values[i]);
  }
  const double one = height - height / top;
  svg += fmt::format(
      "<line x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"currentColor\" "
      "stroke-dasharray=\"4\"/><text x=\"0\" y=\"{:.1f}\" fill=\"currentColor\">1</text>"
      "<text x=\"{}\" y=\"{}\" fill=\"currentColor\" font-size=\"12\">0 ... {}</text></svg>",
      left, width, one, one, one + 4, left, height + 14, values.size() - 1);
  return svg;
}

std::string list(const std::string& title, const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string html = fmt::format("<h2>{}</h2><ul>", title);
  for (const std::string& line : lines) html += "<li>" + escaped(line) + "</li>";
  return html + "</ul>";
}

std::string worst_table(const ChipShape& shape, const Calibration& found) {
  std::string html =
      "<h2>Devices farthest from their design</h2><table><tr><th>parameter</th><th>value</th>"
      "<th>sigma</th><th>unit</th><th>off by, in spreads</th></tr>";
  for (const OddDevice& one : found.worst)
    html +=
        fmt::format("<tr><td>{}</td><td>{:.4g}</td><td>{:.2g}</td><td>{}</td><td>{:+.1f}</td></tr>",
                    escaped(shape.parameters.name(one.parameter)), one.value, one.sigma,
                    kind_unit(shape.parameters.kind_of(one.parameter)), one.deviation);
  return html + "</table>";
}

std::string correlation_table(const ChipShape& shape, const FitResult& fit) {
  if (fit.correlations.empty())
    return "<h2>Correlations</h2><p>No two parameters are correlated by more than 0.95.</p>";
  std::string html =
      "<h2>Correlations above 0.95: pairs that these data hardly separate</h2><table><tr><th>first"
      "</th><th>second</th><th>correlation</th></tr>";
  for (const Correlation& pair : fit.correlations)
    html += fmt::format("<tr><td>{}</td><td>{}</td><td>{:+.4f}</td></tr>",
                        escaped(shape.parameters.name(pair.first)),
                        escaped(shape.parameters.name(pair.second)), pair.value);
  return html + "</table>";
}

}  // namespace

std::string calibration_page(const ChipShape& shape, const Calibration& found,
                             const std::string& data) {
  const FitResult& fit = found.fit;
  const std::string title = fmt::format("Calibration of {} ports", shape.ports());
  std::string html = fmt::format(
      "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{} · lightloom</title>"
      "<style>{} table{{border-collapse:collapse}} td,th{{padding:.2em .8em;text-align:left}}"
      "</style></head><body><main><h1>{}</h1><p>{}</p>",
      title, embedded::page_style, title, escaped(data));
  html += fmt::format(
      "<table><tr><td>chi² per degree of freedom</td><td>{:.4f}</td></tr><tr><td>held-out chi² "
      "with "
      "the uncertainty of the prediction</td><td>{:.4f}</td></tr><tr><td>held-out RMS over the "
      "noise "
      "(expected)</td><td>{:.4f} ({:.4f})</td></tr><tr><td>unknowns the data determine</td><td>{} "
      "of "
      "{}</td></tr><tr><td>readings fitted</td><td>{}</td></tr><tr><td>readings beyond 5 sigma</td>"
      "<td>{}</td></tr></table>",
      fit.chi2_per_dof(), fit.held_out.chi2_per_reading, fit.held_out.rms,
      fit.held_out.expected_rms, found.visibility.rank, found.visibility.unknowns, fit.readings,
      fit.outliers);
  html += bars("RMS of the residuals over their noise, by detector", found.residuals.by_detector);
  html += bars("By input", found.residuals.by_input);
  html += bars("By setting", found.residuals.by_setting);
  html += worst_table(shape, found) + correlation_table(shape, fit);
  html += list("No power tells", found.visibility.null_directions);
  html += list("Said of the data and the fit", found.warnings) + list("Notes", fit.notes);
  html += list("More data needed", found.needed);
  return html + "</main></body></html>\n";
}

}  // namespace lightloom::experiments

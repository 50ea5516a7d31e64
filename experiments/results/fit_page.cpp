// The page of a fit: residuals, correlations, worst devices; one self-contained file, no script.
#include "experiments/results/fit_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "calibration/calibrate.hpp"
#include "calibration/fit/fit_result.hpp"
#include "experiments/results/html_text.hpp"
#include "experiments/results/page_pieces.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

/// How many residuals lie where, over what a normal distribution puts there.
std::string histogram(const std::vector<double>& counts) {
  constexpr double width = 640, height = 140;
  double total = 0, top = 0;
  for (const double count : counts) total += count;
  std::vector<double> normal;
  const auto below = [](double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); };
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double from = -5 + 0.5 * static_cast<double>(i);
    normal.push_back(total * (below(from + 0.5) - below(from)));
    top = std::max({top, counts[i], normal.back()});
  }
  const double step = width / static_cast<double>(counts.size());
  std::string html = fmt::format(
      "<h2>Residuals over their noise</h2><p>Bars: readings. Line: a normal distribution of "
      "standard deviation 1. What lies beyond 5 is in the last bars.</p><svg viewBox=\"0 0 {} {}\" "
      "role=\"img\" style=\"width:100%\"><title>Residuals over their noise</title>",
      width, height + 18);
  std::string line;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double x = step * static_cast<double>(i), high = height * counts[i] / top;
    html += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
        "fill=\"#4a7ebb\"><title>{:+.1f} to {:+.1f}: {:.0f} readings, {:.0f} expected"
        "</title></rect>",
        x, height - high, 0.9 * step, high, -5 + 0.5 * static_cast<double>(i),
        -4.5 + 0.5 * static_cast<double>(i), counts[i], normal[i]);
    line += fmt::format("{:.1f},{:.1f} ", x + 0.45 * step, height - height * normal[i] / top);
  }
  html += fmt::format(
      "<polyline points=\"{}\" fill=\"none\" stroke=\"currentColor\"/><text x=\"0\" y=\"{}\" "
      "fill=\"currentColor\" font-size=\"12\">-5</text><text x=\"{}\" y=\"{}\" "
      "fill=\"currentColor\" font-size=\"12\">0</text><text x=\"{}\" y=\"{}\" "
      "fill=\"currentColor\" font-size=\"12\">5</text></svg>",
      line, height + 14, width / 2, height + 14, width - 10, height + 14);
  return html;
}

/// How well each kind of parameter is known.
std::string kinds_table(const ChipShape& shape, const FitResult& fit) {
  std::string html =
      "<h2>How well the chip is known</h2><table><tr><th>parameters</th><th>number</th><th>median "
      "standard deviation</th><th>largest</th><th>unit</th></tr>";
  for (int kind = 0; kind < kinds; ++kind) {
    std::vector<double> sigmas;
    for (const int p : fit.free.parameters)
      if (shape.parameters.kind_of(p) == static_cast<ParameterKind>(kind))
        sigmas.push_back(fit.sigma[static_cast<std::size_t>(p)]);
    if (sigmas.empty()) continue;
    std::sort(sigmas.begin(), sigmas.end());
    html += fmt::format("<tr><td>{}</td><td>{}</td><td>{:.2g}</td><td>{:.2g}</td><td>{}</td></tr>",
                        kind_name(static_cast<ParameterKind>(kind)), sigmas.size(),
                        sigmas[sigmas.size() / 2], sigmas.back(),
                        kind_unit(static_cast<ParameterKind>(kind)));
  }
  return html + "</table>";
}

/// The fit in a sentence.
std::string verdict(const Calibration& found) {
  const double limit = std::max(0.1, 5 * std::sqrt(2 / std::max(1.0, found.fit.dof)));
  const bool explained = std::abs(found.fit.chi2_per_dof() - 1) < limit;
  return fmt::format("<p><strong>{}{}</strong></p>",
                     explained ? "The model explains the readings to their noise"
                               : "The model does not explain the readings to their noise",
                     !found.fit.converged     ? ", and the fit did not converge."
                     : found.warnings.empty() ? "."
                                              : "; see what is said of the data below.");
}

std::string worst_table(const ChipShape& shape, const Calibration& found) {
  std::string html =
      "<h2>Devices farthest from their design</h2><table><tr><th>parameter</th><th>value</th>"
      "<th>sigma</th><th>unit</th><th>off by, in spreads</th></tr>";
  for (const OddDevice& one : found.worst)
    html +=
        fmt::format("<tr><td>{}</td><td>{:.4g}</td><td>{:.2g}</td><td>{}</td><td>{:+.1f}</td></tr>",
                    html_text(shape.parameters.name(one.parameter)), one.value, one.sigma,
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
                        html_text(shape.parameters.name(pair.first)),
                        html_text(shape.parameters.name(pair.second)), pair.value);
  return html + "</table>";
}

}  // namespace

std::string calibration_page(const ChipShape& shape, const Calibration& found,
                             const std::string& data) {
  const FitResult& fit = found.fit;
  const std::string title = fmt::format("Calibration of {} ports", shape.ports());
  std::string html = verdict(found);
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
  html += sentences("Said of the data and the fit", found.warnings) + sentences("Notes", fit.notes);
  html += sentences("More data needed", found.needed);
  html += kinds_table(shape, fit);
  html += histogram(found.residuals.histogram);
  html += bars({"RMS of the residuals over their noise, by detector", found.residuals.by_detector});
  html += bars({"By input", found.residuals.by_input});
  html += bars({"By setting", found.residuals.by_setting});
  html += worst_table(shape, found) + correlation_table(shape, fit);
  html += sentences("No power tells", found.visibility.null_directions);
  return whole_page(title, data, html);
}

}  // namespace lightloom::experiments

// The page of a fit of products: models, corrections, outputs; one self-contained file, no script.
#include "experiments/results/views/product_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/results/page_pieces.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/results/views/product_fit_view.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

std::string models_table(const ProductFit& fit) {
  std::string html =
      "<h2>What each model leaves</h2><p>Observed given expected, in units of the expected "
      "products, predicted from the other half of the vectors.</p><table><tr><th>model</th><th>rms"
      "</th><th>standard error</th><th>common mode</th><th>kurtosis pooled</th><th>within an "
      "output</th></tr>";
  for (const ErrorModel model : fit.residuals.models) {
    const ResidualStatistics& left = fit.residuals.of[static_cast<std::size_t>(model)];
    html += fmt::format(
        "<tr><td>{}</td><td>{:.4g}</td><td>{:.1g}</td><td>{:.3g}</td><td>{:.2f}</td><td>{:.2f}</td>"
        "</tr>",
        model_text(model, fit.period.period), left.rms, left.standard_error, left.common_mode,
        left.kurtosis_pooled, left.kurtosis_within);
  }
  return html + "</table>" +
         fmt::format(
             "<p>Of the variance that gains leave, {} is frozen, {} periodic and {} "
             "random.</p>",
             percent(fit.shares.mixing), percent(fit.shares.periodic), percent(fit.shares.random));
}

std::string correctors_table(const ProductFit& fit) {
  std::string html =
      "<h2>What digital corrections leave</h2><p>Expected from observed, held out.</p><table><tr>"
      "<th>correction</th><th>rms</th><th>standard error</th></tr>";
  const auto row = [&](const std::string& name, const Estimate& rms) {
    html += fmt::format("<tr><td>{}</td><td>{:.4g}</td><td>{:.1g}</td></tr>", name, rms.value,
                        rms.standard_error);
  };
  row("none", fit.correctors.raw);
  row(model_text(ErrorModel::gains, 1), fit.correctors.gains);
  if (fit.period.period > 1)
    row(model_text(ErrorModel::periodic, fit.period.period), fit.correctors.periodic);
  for (const Corrected& one : fit.correctors.mixing)
    row(fmt::format("and a matrix of rank {}", one.rank), one.rms);
  return html + "</table>";
}

/// Bars around their root mean square, red where they are twice as high.
std::string outputs_chart(const std::string& title, const std::vector<double>& values, double rms) {
  return bars({.title = title,
               .values = values,
               .line = rms,
               .alarm = 2 * rms,
               .least_top = std::max(1.5 * rms, 1e-300)});
}

std::string period_chart(const PeriodFound& period) {
  if (period.trials.empty()) return "";
  const double without = period.trials.front().rms;
  std::vector<double> left;
  for (const PeriodTrial& one : period.trials) left.push_back(one.rms);
  return bars({.title = "rms left, by period (from 1; line: without a period)",
               .values = left,
               .line = without,
               .alarm = 2 * without,
               .least_top = std::max(1.1 * without, 1e-300)});
}

}  // namespace

std::string product_page(const ProductFit& fit, const std::string& data) {
  std::string html = models_table(fit) + correctors_table(fit);
  html += sentences("Said of the data and the fit", product_fit_notes(fit));
  for (const ErrorModel model : fit.residuals.models) {
    const ResidualStatistics& left = fit.residuals.of[static_cast<std::size_t>(model)];
    html +=
        outputs_chart(fmt::format("rms of every output: {}", model_text(model, fit.period.period)),
                      left.deviation, left.rms);
  }
  html += period_chart(fit.period);
  return whole_page(fmt::format("Products of {} outputs", fit.errors.outputs), data, html);
}

}  // namespace lightloom::experiments

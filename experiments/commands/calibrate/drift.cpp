#include <cmath>

#include "calibration/elements/drift_fit.hpp"
#include "core/error.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/files/column_file.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

Shown do_drift(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path = operand(line, 0, "a CSV with the columns time_s,value");
  at_most_operands(line, 1);
  const std::vector<TableColumn> table = read_columns(path);
  const std::vector<double>& time = column_named(table, path, "time_s");
  require(time.size() > 1, "{}: one row", path);
  const double interval = (time.back() - time.front()) / static_cast<double>(time.size() - 1);
  for (std::size_t i = 1; i < time.size(); ++i)
    require(std::abs(time[i] - time[i - 1] - interval) < 0.05 * interval,
            "{}: the readings are not at equal intervals (row {}: {} s after the one before, the "
            "mean is {} s)",
            path, i, time[i] - time[i - 1], interval);
  const DriftFit fit = fit_drift(interval, column_named(table, path, "value"));
  const double limit = line.real("limit", 0, 0);
  const double after = limit > 0 && fit.good() ? recalibrate_after_s(fit, limit) : NAN;
  Shown result;
  result.json = {{"sigma", fit.sigma},
                 {"sigma_error", fit.sigma_error},
                 {"time_constant_s", fit.time_constant_s},
                 {"time_constant_error", fit.time_constant_error},
                 {"noise", fit.noise},
                 {"recalibrate_after_s", std::isfinite(after) ? Json(after) : Json()},
                 {"problems", fit.problems}};
  result.text = fmt::format(
      "spread {:.4g} +- {:.2g}, time constant {:.4g} +- {:.2g} s, noise {:.3g}\n", fit.sigma,
      fit.sigma_error, fit.time_constant_s, fit.time_constant_error, fit.noise);
  if (limit > 0 && fit.good())
    result.text += std::isfinite(after)
                       ? fmt::format("within {} for {:.4g} s after a calibration\n", limit, after)
                       : fmt::format("never beyond {}\n", limit);
  result.text += problems_text(fit.problems);
  return result;
}

}  // namespace

extern const Command calibrate_drift_command{
    .name = "calibrate drift",
    .operand = "series.csv",
    .summary = "spread and time constant of a drift",
    .writes = Writes::nothing,
    .options = {{"limit", "RAD", "the deviation at which to calibrate again"}},
    .run = do_drift};

}  // namespace lightloom::experiments

#include <cmath>

#include "calibration/elements/drift_fit.hpp"
#include "calibration/tables/lab_columns.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

/// Times and values; rows without a reading are gaps.
LabSweep series_of(const CommandLine& line, const std::string& path,
                   std::vector<std::string>& notes) {
  LabTable table = read_lab_table(read_file(path, "table"), path);
  notes = table.notes;
  int time = table.named || table.clocks.empty()
                 ? find_column(table, {time_role(), line.value("x", "")}, notes)
                 : -1;
  if (time < 0 && !table.clocks.empty()) {
    table.columns.insert(table.columns.begin(), table.clocks.front());
    time = 0;
  }
  if (time < 0) refuse_missing(table, time_role());
  int value = find_column(table, {value_role(), line.value("y", ""), time}, notes);
  if (value < 0 && table.columns.size() == 2) value = 1 - time;
  if (value < 0) refuse_missing(table, value_role());
  LabSweep series = lab_sweep(table, time, value, notes);
  note_unknown_unit(series.y_column, notes);
  convert_units(time_role(), series.x_column, "", series.x);
  require(series.x.size() > 1, "{}: one row", path);
  for (std::size_t i = 1; i < series.x.size(); ++i)
    require(series.x[i] > series.x[i - 1],
            "{}:{}: the time {} s does not lie after the one before ({} s)", path, series.lines[i],
            series.x[i], series.x[i - 1]);
  if (const auto unit = lab_unit(series.y_column.unit); unit && unit->quantity == Quantity::angle)
    for (double& y : series.y) y *= unit->factor;
  return series;
}

/// By autocovariances where the intervals are equal, else by likelihood.
DriftFit fit_series(const LabSweep& series) {
  const double interval =
      (series.x.back() - series.x.front()) / static_cast<double>(series.x.size() - 1);
  for (std::size_t i = 1; i < series.x.size(); ++i)
    if (std::abs(series.x[i] - series.x[i - 1] - interval) >= 0.05 * interval)
      return fit_drift(series.x, series.y);
  return fit_drift(interval, series.y);
}

Shown do_drift(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path = operand(line, 0, "a CSV with the columns time_s,value");
  at_most_operands(line, 1);
  std::vector<std::string> notes;
  const LabSweep series = series_of(line, path, notes);
  DriftFit fit = fit_series(series);
  for (std::string& problem : drift_misfits(fit, series.x, series.y))
    fit.problems.push_back(std::move(problem));
  const double limit = line.real("limit", 0, 0);
  const double after = limit > 0 && fit.good() ? recalibrate_after_s(fit, limit) : NAN;
  Shown result;
  result.json = {{"sigma", fit.sigma},
                 {"sigma_error", fit.sigma_error},
                 {"time_constant_s", fit.time_constant_s},
                 {"time_constant_error", fit.time_constant_error},
                 {"noise", fit.noise},
                 {"recalibrate_after_s", std::isfinite(after) ? Json(after) : Json()},
                 {"problems", fit.problems},
                 {"notes", notes}};
  result.text = fmt::format(
      "spread {:.4g} +- {:.2g}, time constant {:.4g} +- {:.2g} s, noise {:.3g}\n", fit.sigma,
      fit.sigma_error, fit.time_constant_s, fit.time_constant_error, fit.noise);
  if (limit > 0 && fit.good())
    result.text += std::isfinite(after)
                       ? fmt::format("within {} for {:.4g} s after a calibration\n", limit, after)
                       : fmt::format("never beyond {}\n", limit);
  for (const std::string& note : notes) result.text += "note: " + note + "\n";
  result.text += problems_text(fit.problems);
  return result;
}

}  // namespace

extern const Command calibrate_drift_command{
    .name = "calibrate drift",
    .operand = "series.csv",
    .summary = "spread and time constant of a drift",
    .options = {{"x", "COLUMN", "the column of times, by name or number"},
                {"y", "COLUMN", "the column of values, by name or number"},
                {"limit", "RAD", "the deviation at which to calibrate again"}},
    .run = do_drift};

}  // namespace lightloom::experiments

#include "calibration/elements/linear_fit.hpp"
#include "calibration/tables/value_tables.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/calibrate/into_card.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/views/linear_fit_view.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

/// The card with the coefficients in the place of its own, each under the name of its column.
void write_energies(const CommandLine& line, const std::string& table, const LinearFit& fit,
                    Shown& result) {
  require(line.has("into"),
          "lightloom calibrate energy -o needs --into card.yaml (the card whose energies the "
          "coefficients replace, each named as its column)");
  require(fit.problems.empty(), "{}: {} (nothing written)", table, fmt::join(fit.problems, "; "));
  std::vector<MeasuredValue> values;
  for (const auto& coefficient : fit.coefficients) {
    require(coefficient.value >= 0, "{}: the coefficient of '{}' is negative ({:.4g})", table,
            coefficient.name, coefficient.value);
    values.push_back({coefficient.name, coefficient.value,
                      fmt::format("measured: lightloom calibrate energy {} (+- {:.2g})", table,
                                  coefficient.sigma)});
  }
  write_into_card(line, line.value("section", ""), values, result);
}

/// What was explained, in which unit.
void describe_columns(const EnergyTable& table, Shown& result) {
  result.json["target"] = {{"column", table.target.name}, {"unit", table.target.unit}};
  result.json["notes"] = table.notes;
  const std::string unit = table.target.unit.empty() ? "" : " in " + table.target.unit;
  std::string times;
  for (const LabColumn& one : table.counts)
    if (one.unit == "ns" && table.target.unit == "pJ")
      times += fmt::format(", {} in ns (its coefficient in mW)", one.name);
  result.text = fmt::format("{}{} = sum of coefficients times columns, by relative errors{}\n",
                            table.target.name, unit, times) +
                result.text;
  for (const std::string& note : table.notes) result.text += "note: " + note + "\n";
}

Shown do_energy(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path =
      operand(line, 0, "a CSV with a column for each counted event and one of energies");
  at_most_operands(line, 1);
  if (!line.output.empty()) require_writable(line.output);
  const EnergyTable table =
      energy_table(read_lab_table(read_file(path, "table"), path), line.value("target", ""));
  std::vector<TableColumn> counts;
  for (const LabColumn& one : table.counts) counts.push_back({one.name, one.values});
  const std::vector<double>& energy = table.target.values;
  LinearFit fit = fit_linear(counts, energy, RowWeights::relative);
  if (std::string misfit = linear_misfit(counts, energy, RowWeights::relative); !misfit.empty())
    fit.problems.push_back(std::move(misfit));
  Shown result = linear_fit_view(fit);
  describe_columns(table, result);
  if (!line.output.empty()) write_energies(line, path, fit, result);
  return result;
}

}  // namespace

extern const Command calibrate_energy_command{
    .name = "calibrate energy",
    .operand = "table.csv",
    .summary = "energies of counted events from measured sums",
    .endings = card_endings,
    .options = {{"target", "NAME", "the column to explain (the last)"},
                {"into", "FILE", "with --output: the card whose energies the coefficients replace"},
                {"section", "PATH", "with --output: where in that card, with dots"}},
    .run = do_energy};

}  // namespace lightloom::experiments

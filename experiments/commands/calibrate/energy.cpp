#include "calibration/elements/linear_fit.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/calibrate/into_card.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/files/column_file.hpp"
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

Shown do_energy(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path =
      operand(line, 0, "a CSV with a column for each counted event and one of energies");
  at_most_operands(line, 1);
  if (!line.output.empty()) require_writable(line.output);
  std::vector<TableColumn> table = read_columns(path);
  const std::string target = line.value("target", table.back().name);
  const std::vector<double> energy = column_named(table, path, target);
  std::erase_if(table, [&](const TableColumn& one) { return one.name == target; });
  LinearFit fit = fit_linear(table, energy, RowWeights::relative);
  if (std::string misfit = linear_misfit(table, energy, RowWeights::relative); !misfit.empty())
    fit.problems.push_back(std::move(misfit));
  Shown result = linear_fit_view(fit);
  result.text =
      fmt::format("{} = sum of coefficients times columns, by relative errors\n", target) +
      result.text;
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

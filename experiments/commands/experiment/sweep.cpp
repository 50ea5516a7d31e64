#include "experiments/sweep/sweep.hpp"

#include <omp.h>

#include <atomic>
#include <exception>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/experiment/sweep_files.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "experiments/sweep/sweep_comparison.hpp"

namespace lightloom::experiments {
namespace {

/// Every point's card is read before any work, so that a value out of range at the last point costs
/// nothing. Returns whether any of them measures accuracies, which take all threads by themselves.
bool check_points(const Tree& card, const SweepGrid& grid) {
  std::vector<std::exception_ptr> refusals(grid.points());
  std::atomic<bool> accuracy = false;
  parallel_for_dynamic(static_cast<std::ptrdiff_t>(grid.points()), [&](std::ptrdiff_t k) {
    const auto point = static_cast<std::size_t>(k);
    try {
      if (read_experiment(grid.card_at(card, point)).measures.accuracy) accuracy = true;
    } catch (const Error& error) {
      refusals[point] = std::make_exception_ptr(Error(fmt::format(
          "{} (at the sweep's point {}: {})", error.what(), point + 1, grid.settings(point))));
    }
  });
  for (const std::exception_ptr& refusal : refusals)
    if (refusal) std::rethrow_exception(refusal);
  return accuracy;
}

std::string summary_text(const SweepOutcome& outcome, const SweepGrid& grid,
                         const SweepPart& part) {
  std::string text = fmt::format("{} points", grid.points());
  if (!part.whole())
    text +=
        fmt::format(", part {} with {} of them", part.text(), outcome.resumed + outcome.computed);
  for (const SweepAxis& axis : grid.axes)
    text += fmt::format("\n  {:<22} {} values", axis.name, axis.values.size());
  if (outcome.resumed > 0)
    text += fmt::format("\n{} were finished before, {} were computed now", outcome.resumed,
                        outcome.computed);
  return text;
}

/// The call that computes the points, wherever it writes them and whoever shares the work.
std::string computing_command(const CommandLine& line) {
  std::string command = "lightloom sweep " + line.operands.front();
  for (const std::string& setting : line.settings) command += fmt::format(" --set '{}'", setting);
  return line.seed ? command + fmt::format(" --seed {}", *line.seed) : command;
}

Shown do_sweep(const CommandLine& line, ProgressSink& progress) {
  const Tree card = with_cards_of_experiment(load_given_card(line));
  const SweepGrid grid = read_grid(card);
  const Experiment base = read_experiment(grid.card_at(card, 0));
  const bool accuracy = check_points(card, grid);
  const SweepPart part = line.has("part") ? read_part(line.value("part")) : SweepPart{};
  const SweepFiles where = sweep_files(line, base.name, part);
  Tree resolved = base.resolved;
  resolved.at_or_add("sweep") = *card.find("sweep");
  Workbench workbench(progress);
  const auto measure = [&](const Tree& tree) {
    const Experiment point = read_experiment(tree);
    return to_labelled(run_experiment(point, workbench, progress), point);
  };
  SweepOutcome outcome = run_sweep({.card = card,
                                    .grid = grid,
                                    .point = measure,
                                    .part = part,
                                    .at_once = accuracy ? 1 : omp_get_max_threads(),
                                    .origin = {.kind = "sweep",
                                               .card = resolved,
                                               .seed = base.seed,
                                               .command = computing_command(line),
                                               .threads = omp_get_max_threads()},
                                    .output = where.results},
                                   progress);
  if (part.whole()) compare_with_first(outcome.table, grid);
  Shown result = write_sweep(outcome.table, grid, where);
  result.text = summary_text(outcome, grid, part) + result.text;
  result.json["resumed"] = outcome.resumed;
  result.json["computed"] = outcome.computed;
  if (!part.whole()) result.json["part"] = part.text();
  return result;
}

}  // namespace

extern const Command sweep_command{
    .name = "sweep",
    .operand = "card.yaml",
    .summary = "a grid of experiments, resumable",
    .writes = Writes::file,
    .options = {{"part", "I/N",
                 "only every N-th point from the I-th on, into a file of their own for `merge`; "
                 "auto, auto/N: I (and N) from the array job of a cluster"},
                {"report", "FILE", "where the page goes (beside the results when absent)", true}},
    .run = do_sweep,
    .ends_when_asked = true};

}  // namespace lightloom::experiments

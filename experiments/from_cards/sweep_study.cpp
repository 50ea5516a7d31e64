#include "experiments/from_cards/sweep_study.hpp"

#include <omp.h>

#include <atomic>
#include <exception>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "experiments/results/files/tidy_tables.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "experiments/sweep/sweep_comparison.hpp"

namespace lightloom::experiments {
namespace {

/// Returns whether any of the points measures accuracies.
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

}  // namespace

SweepStudy read_sweep(const Tree& given) {
  SweepStudy study{.card = with_cards_of_experiment(given), .grid = {}, .base = {}};
  study.grid = read_grid(study.card);
  study.base = read_experiment(study.grid.card_at(study.card, 0));
  require(!study.base.chips_until,
          "chips with `until` are for a run: the points of a sweep have as many chips each");
  study.accuracy = check_points(study.card, study.grid);
  return study;
}

SweepOutcome compute_sweep(const SweepStudy& study, const SweepCall& call, ProgressSink& progress) {
  Tree resolved = study.base.resolved;
  resolved.at_or_add("sweep") = *study.card.find("sweep");
  Workbench workbench(progress);
  const auto measure = [&](const Tree& tree) {
    const Experiment point = read_experiment(tree);
    return chosen_arrays(to_labelled(run_experiment(point, workbench, progress), point),
                         point.sweep_keep);
  };
  SweepOutcome outcome = run_sweep({.card = study.card,
                                    .grid = study.grid,
                                    .point = measure,
                                    .part = call.part,
                                    .at_once = study.accuracy ? 1 : omp_get_max_threads(),
                                    .origin = {.kind = "sweep",
                                               .card = resolved,
                                               .seed = study.base.seed,
                                               .command = call.command,
                                               .threads = omp_get_max_threads()},
                                    .output = call.output},
                                   progress);
  if (call.part.whole()) compare_with_first(outcome.table, study.grid);
  return outcome;
}

}  // namespace lightloom::experiments

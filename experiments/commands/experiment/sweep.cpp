#include "experiments/sweep/sweep.hpp"

#include <omp.h>

#include <atomic>
#include <exception>
#include <sstream>
#include <vector>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/parallel.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/results/report.hpp"
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
                         const std::string& output, const std::string& page) {
  std::string text = fmt::format("{} points", grid.points());
  for (const SweepAxis& axis : grid.axes)
    text += fmt::format("\n  {:<22} {} values", axis.name, axis.values.size());
  if (outcome.resumed > 0)
    text += fmt::format("\n{} were finished before, {} were computed now", outcome.resumed,
                        outcome.computed);
  return text + fmt::format("\n\nresults: {}\nreport:  {}\n", output, page);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Shown do_sweep(const CommandLine& line, ProgressSink& progress) {
  const Tree card = with_cards_of_experiment(load_given_card(line));
  const SweepGrid grid = read_grid(card);
  const Experiment base = read_experiment(grid.card_at(card, 0));
  const bool accuracy = check_points(card, grid);
  const std::string output = line.output.empty() ? base.name + ".h5" : line.output;
  const std::string page = line.value("report", report_path(output));
  require_outputs(line, {output, page});
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
                                    .at_once = accuracy ? 1 : omp_get_max_threads(),
                                    .origin = {.kind = "sweep",
                                               .card = resolved,
                                               .seed = base.seed,
                                               .command = line.text,
                                               .threads = omp_get_max_threads()},
                                    .output = output},
                                   progress);
  compare_with_first(outcome.table, grid);
  write_labelled(output, outcome.table);
  write_file(page, report_page(outcome.table));
  Shown result{.text = summary_text(outcome, grid, output, page)};
  result.json = {{"results", output},
                 {"report", page},
                 {"points", grid.points()},
                 {"resumed", outcome.resumed},
                 {"computed", outcome.computed},
                 {"axes", Json::object()}};
  if (const auto chose = lines_of(text_attribute(outcome.table, "images_chose")); !chose.empty()) {
    result.json["images_chose"] = chose;
    result.text += images_chose_text(chose) + "\n";
  }
  for (const SweepAxis& axis : grid.axes)
    result.json["axes"][axis.name] = {
        {"key", axis.key}, {"unit", axis.unit}, {"size", axis.values.size()}};
  return result;
}

}  // namespace

extern const Command sweep_command{
    .name = "sweep",
    .operand = "card.yaml",
    .summary = "a grid of experiments, resumable",
    .writes = Writes::file,
    .options = {{"report", "FILE", "where the page goes (beside the results when absent)", true}},
    .run = do_sweep,
    .ends_when_asked = true};

}  // namespace lightloom::experiments

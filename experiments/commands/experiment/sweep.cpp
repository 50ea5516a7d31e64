#include "experiments/sweep/sweep.hpp"

#include "core/error.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/experiment/crew_of_call.hpp"
#include "experiments/commands/experiment/sweep_files.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/from_cards/sweep_study.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {
namespace {

std::string extent_of(const SweepAxis& axis) {
  if (!axis.range) return fmt::format("{} values", axis.values.size());
  return fmt::format("{} to {}{}{}", axis.range->from, axis.range->to,
                     axis.range->logarithmic ? ", logarithmic" : "",
                     axis.range->whole ? ", integers" : "");
}

std::string summary_text(const SweepOutcome& outcome, const SweepGrid& grid,
                         const SweepPart& part) {
  std::string text = fmt::format("{} points", grid.points());
  if (!part.whole())
    text +=
        fmt::format(", part {} with {} of them", part.text(), outcome.resumed + outcome.computed);
  if (grid.list && grid.list->drawn > grid.list->points)
    text += fmt::format(" (of {} drawn; the others repeated earlier ones)", grid.list->drawn);
  for (const SweepAxis& axis : grid.axes)
    text += fmt::format("\n  {:<22} {}{}", axis.name, extent_of(axis),
                        axis.when.empty() ? "" : ", where it exists");
  if (outcome.resumed > 0)
    text += fmt::format("\n{} were finished before, {} were computed now", outcome.resumed,
                        outcome.computed);
  return text;
}

std::string crew_text(const Crew* crew) {
  if (crew == nullptr) return "";
  std::string text = fmt::format("\ncomputed by {} processes", crew->count());
  if (crew->lost() > 0)
    text += fmt::format("; {} ended before the work did, and others computed what they had in hand",
                        crew->lost());
  return text;
}

/// The call that computes the points, wherever it writes them and whoever shares the work.
std::string computing_command(const CommandLine& line) {
  std::string command = "lightloom sweep " + line.operands.front();
  for (const std::string& setting : line.settings) command += fmt::format(" --set '{}'", setting);
  return line.seed ? command + fmt::format(" --seed {}", *line.seed) : command;
}

[[noreturn]] void help_with_sweep(Crew& crew, const CommandLine& line, ProgressSink& progress) {
  SweepHelper helper([&] { return load_given_card(line); }, progress);
  crew.help([&](std::string_view order) { return helper.begin(order); }, progress);
}

Shown do_sweep(const CommandLine& line, ProgressSink& progress) {
  const std::unique_ptr<Crew> crew = crew_of_call(line);
  if (crew && !crew->leads()) help_with_sweep(*crew, line, progress);
  const SweepStudy study = read_sweep(load_given_card(line), crew.get());
  const SweepGrid& grid = study.grid;
  const SweepPart part = line.has("part") ? read_part(line.value("part")) : SweepPart{};
  const SweepFiles where = sweep_files(line, study.base.name, part);
  const SweepOutcome outcome = compute_sweep(study,
                                             {.part = part,
                                              .output = where.results,
                                              .command = computing_command(line),
                                              .crew = crew.get(),
                                              .trainings = line.value("trainings")},
                                             progress);
  Shown result = write_sweep(outcome.table, grid, where);
  result.text = summary_text(outcome, grid, part) + crew_text(crew.get()) + result.text;
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
    .endings = results_endings,
    .options =
        {{"part", "I/N",
          "only every N-th point from the I-th on, into a file of their own for `merge`; "
          "auto, auto/N: I (and N) from the array job of a cluster"},
         {"jobs", "N",
          "N processes that share points and threads; mpirun starts them on several machines"},
         {"trainings", "FOLDER",
          "keeps trained networks for other calls and parts (else beside the results until "
          "the sweep is complete), or none"},
         {"report", "FILE", page_help, page_or_none}},
    .run = do_sweep,
    .ends_when_asked = true};

}  // namespace lightloom::experiments

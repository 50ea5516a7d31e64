#include <fmt/ranges.h>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/cards/durations.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/experiment/sweep_files.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/studies/forecast/work.hpp"
#include "experiments/studies/run_experiment.hpp"

namespace lightloom::experiments {
namespace {

/// The card with its `ages` as the command line has them.
Tree card_at_ages(const CommandLine& line) {
  if (!line.has("age")) return load_given_card(line);
  CommandLine with = line;
  with.settings.push_back(
      fmt::format("ages=[{}]", fmt::join(duration_list(line.value("age")), ", ")));
  return load_given_card(with);
}

/// Trainings that the card does not name.
std::vector<std::string> beforehand(const CommandLine& line) {
  return unexpected_trainings(read_experiment(card_at_ages(line)));
}

Shown do_run(const CommandLine& line, ProgressSink& progress) {
  const Experiment card = read_experiment(card_at_ages(line));
  require(
      card.resolved.find("sweep") == nullptr || line.has("ignore-sweep"),
      "the card has a sweep section (use lightloom sweep, or --ignore-sweep for its base point)");
  const std::string output = line.output.empty() ? card.name + ".h5" : line.output;
  const std::string page = page_of(line, output);
  require_outputs(line, {output, page});
  Workbench workbench(progress);
  require(card.measures.cost || !line.has("sensitivity"),
          "--sensitivity needs cost among what the card measures (measure: [cost])");
  RunResult result = run_experiment(card, workbench, progress);
  if (line.has("sensitivity"))
    result.sensitivity = study_sensitivity(
        card_at_ages(line), sensitivity_question(line.value("sensitivity")),
        [&](const Experiment& moved) { return *workbench.layers(moved); }, progress);
  const Labelled data = results_of(result, card, line.text);
  write_labelled(output, data);
  if (!page.empty()) write_file(page, report_page(data));
  Shown outcome{.json = to_json(result),
                .text = fmt::format("{}\n\n", card.name) + to_text(result)};
  outcome.json["results"] = output;
  outcome.json["report"] = page.empty() ? Json() : Json(page);
  outcome.text += fmt::format("\nresults: {}\n", output);
  if (!page.empty()) outcome.text += fmt::format("report:  {}\n", page);
  return outcome;
}

}  // namespace

extern const Command run_command{
    .name = "run",
    .operand = "card.yaml",
    .summary = "one experiment: accuracy, storage, time and energy",
    .endings = results_endings,
    .options = {{"report", "FILE", page_help, page_or_none},
                {"sensitivity", "[all|KEY,...]",
                 "also what the verdicts rest on, as lightloom cost has it, in results and page"},
                {"age", "TIME[,...]",
                 "chips at these times since they were programmed, 1h,1d,30d (units s, min, h, d, "
                 "y): the card's key `ages`"},
                {"ignore-sweep", "", "run the base point of a card that has a sweep section"}},
    .run = do_run,
    .beforehand = beforehand};

}  // namespace lightloom::experiments

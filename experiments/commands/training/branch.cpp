#include "core/files/labelled.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/studies/branch/branch_study.hpp"

namespace lightloom::experiments {
namespace {

Shown do_branch(const CommandLine& line, ProgressSink& progress) {
  const Experiment card = read_experiment(load_given_card(line));
  if (!line.output.empty()) require_outputs(line, {line.output});
  Workbench workbench(progress);
  const BranchStudy study = study_branch(card, workbench, progress);
  Shown result{.json = branch_json(study), .text = branch_text(study)};
  result.json["name"] = card.name;
  if (line.output.empty()) return result;
  write_labelled(line.output, study.weights);
  result.json["weights"] = line.output;
  result.text += "\nweights: " + line.output + "\n";
  return result;
}

}  // namespace

extern const Command branch_command{
    .name = "branch",
    .operand = "card.yaml",
    .summary = "a reversible branch trained beside the frozen float network (CAMEL)",
    .endings = results_endings,
    .options = {},
    .run = do_branch,
    .ends_when_asked = true};

}  // namespace lightloom::experiments

#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/studies/correction/correction_output.hpp"

namespace lightloom::experiments {
namespace {

Shown do_correct(const CommandLine& line, ProgressSink& progress) {
  const Experiment card = read_experiment(load_given_card(line));
  if (!line.output.empty()) require_outputs(line, {line.output});
  Workbench workbench(progress);
  const CorrectionStudy study = correct_chips(card, workbench, progress);
  return {.json = correction_json(study, card), .text = correction_text(study, card)};
}

}  // namespace

extern const Command correct_command{
    .name = "correct",
    .operand = "card.yaml",
    .summary = "digital correctors of a card's chips: what they bring back, store and cost",
    .options = {},
    .run = do_correct,
    .ends_when_asked = true};

}  // namespace lightloom::experiments

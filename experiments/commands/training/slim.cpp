#include "core/files/labelled.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/studies/slimmable/slim_output.hpp"
#include "nn/slimmable/slim_file.hpp"

namespace lightloom::experiments {
namespace {

Shown do_slim(const CommandLine& line, ProgressSink& progress) {
  const Experiment card = read_experiment(load_given_card(line));
  const std::string weights = line.value("weights");
  require_outputs(line, {line.output, weights});
  Workbench workbench(progress);
  const SlimStudy study = study_slim(card, workbench, progress);
  Shown result{.json = slim_json(study), .text = slim_text(study)};
  if (!line.output.empty()) write_labelled(line.output, slim_results(study, card, line.text));
  if (!weights.empty()) nn::save_slim(weights, *study.network, study.chooser.get());
  return result;
}

}  // namespace

extern const Command slim_command{
    .name = "slim",
    .operand = "card.yaml",
    .summary =
        "one network of several widths and a gate that chooses among them, beside its "
        "controls: accuracy, bytes moved, time and energy",
    .endings = results_endings,
    .options = {{"weights", "FILE", "the trained widths and gate; `slimmable.file` reads them",
                 settings_endings}},
    .run = do_slim,
    .ends_when_asked = true};

}  // namespace lightloom::experiments

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/files/weight_file.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/results/views/freeze_view.hpp"
#include "experiments/results/views/training_ledger_view.hpp"
#include "experiments/studies/loop_output.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/weights/exchange/smart_deal_source.hpp"

namespace lightloom::experiments {
namespace {

/// What the command shows of either kind of result.
struct TrainedShown {
  Json json;         // key and value of what was measured on the test set
  std::string test;  // the same in a sentence
  const nn::TrainResult* teacher_history = nullptr;
  const nn::TrainResult* history = nullptr;
  const std::vector<std::string>* images_chose = nullptr;
};

TrainedShown shown_of(const AccuracyResult& accuracy, const std::string& label) {
  const Json known = accuracy.float_network ? Json(*accuracy.float_network) : Json();
  return {
      .json = {{"accuracy", {{"float", known}, {"source", accuracy.source}}}},
      .test = fmt::format("test accuracy: float {}, {} {}",
                          accuracy.float_network ? percent(*accuracy.float_network) : "not known",
                          label, percent(accuracy.source)),
      .teacher_history = &accuracy.teacher_history,
      .history = &accuracy.history,
      .images_chose = &accuracy.images_chose};
}

TrainedShown shown_of(const NumberResult& numbers, const std::string& label) {
  return {.json = {{"errors", numbers_json(numbers)}},
          .test = numbers_text(numbers, label),
          .teacher_history = &numbers.teacher_history,
          .history = &numbers.history,
          .images_chose = &numbers.images_chose};
}

Json history_json(const nn::TrainResult& history) {
  Json json = Json::array();
  for (const nn::EpochRecord& epoch : history.epochs)
    json.push_back({{"rate", epoch.rate},
                    {"loss", epoch.loss},
                    {"train_accuracy", epoch.train_accuracy},
                    {"validation_accuracy", epoch.validation_accuracy}});
  return json;
}

enum class Measured { classes, numbers };

std::string history_text(const std::string& title, const nn::TrainResult& history,
                         Measured measured) {
  if (history.epochs.empty()) return "";
  const auto text = [&](double share) {
    return measured == Measured::classes ? percent(share) : fmt::format("R2 {:.4f}", share);
  };
  TextTable table({title, "loss", "training", "validation", ""});
  for (std::size_t i = 0; i < history.epochs.size(); ++i) {
    const nn::EpochRecord& epoch = history.epochs[i];
    table.row({fmt::format("epoch {}", i + 1), fmt::format("{:.4f}", epoch.loss),
               text(epoch.train_accuracy), text(epoch.validation_accuracy),
               static_cast<int>(i) == history.best_epoch ? "kept" : ""});
  }
  return table.text() + "\n";
}

Shown do_train(const CommandLine& line, ProgressSink& progress) {
  Experiment card = read_experiment(load_given_card(line));
  const std::string output = line.output.empty() ? card.name + ".weights.h5" : line.output;
  const std::string float_output = line.value("float");
  std::vector<std::string> outputs{output};
  if (!float_output.empty()) outputs.push_back(float_output);
  require_outputs(line, outputs);
  const std::string checkpoint = line.value("checkpoint");
  for (const std::string& file :
       {checkpoint, checkpoint + ".float", checkpoint + ".loop", checkpoint + ".loop.stage"})
    require(checkpoint.empty() || (file != output && file != float_output),
            "--checkpoint and {} name the same file '{}'", file == output ? "--output" : "--float",
            file);
  card.chips = 0;
  card.seeds = 1;
  card.measures = {.accuracy = true, .cost = false};
  Workbench workbench(progress);
  if (!checkpoint.empty()) workbench.keep_checkpoints(card, checkpoint);
  const RunResult run = run_experiment(card, workbench, progress);
  const std::string label = label_of(card.network.weights);
  const TrainedShown trained =
      run.numbers ? shown_of(*run.numbers, label) : shown_of(*run.accuracy, label);
  if (!float_output.empty()) save_any_weights(float_output, *workbench.teacher(card)->network, {});
  std::map<std::string, std::string> about;
  if (run.loop) about = {{"chip", fmt::format("chip {} of seed {}", run.loop->chip, card.seed)}};
  save_trained(output, *workbench.student(card)->network, identity_of(card), about);
  Shown result;
  result.json = trained.json;
  if (run.loop) result.json["in_the_loop"] = loop_json(*run.loop);
  if (run.freeze) result.json["freeze"] = freeze_json(*run.freeze);
  result.json["float_epochs"] = history_json(*trained.teacher_history);
  result.json["epochs"] = history_json(*trained.history);
  result.json["resumed_epochs"] = {{"float", trained.teacher_history->resumed},
                                   {"source", trained.history->resumed}};
  result.json["images_chose"] = *trained.images_chose;
  result.json["weights"] = output;
  if (!float_output.empty()) result.json["float_weights"] = float_output;
  std::string ledger;
  if (card.network.weights.source == nn::smart_deal_kind && !trained.history->epochs.empty()) {
    Shown view = ledger_view(card, *workbench.student(card)->network, *trained.history);
    result.json["training_ledger"] = std::move(view.json);
    ledger = std::move(view.text) + "\n";
  }
  const Measured measured = run.numbers ? Measured::numbers : Measured::classes;
  result.text = history_text("float network", *trained.teacher_history, measured) +
                history_text(label, *trained.history, measured) + ledger +
                (run.loop ? loop_text(*run.loop) + "\n" : "") +
                (run.freeze ? freeze_text(*run.freeze) + "\n" : "") +
                fmt::format("{}\nweights: {}\n", trained.test, output);
  if (!trained.images_chose->empty())
    result.text += images_chose_text(*trained.images_chose) + "\n";
  return result;
}

}  // namespace

extern const Command train_command{
    .name = "train",
    .operand = "card.yaml",
    .summary = "train and save weights",
    .endings = weight_endings,
    .options = {{"float", "FILE", "save the float network's weights too", weight_endings},
                {"checkpoint", "FILE",
                 "state after every epoch, taken up again by the same command (float network: "
                 "FILE.float, in the loop: FILE.loop)"}},
    .run = do_train,
    .ends_when_asked = true};

}  // namespace lightloom::experiments

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/results/files/weight_file.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/results/views/training_ledger_view.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/weights/exchange/smart_deal_source.hpp"

namespace lightloom::experiments {
namespace {

Json history_json(const nn::TrainResult& history) {
  Json json = Json::array();
  for (const nn::EpochRecord& epoch : history.epochs)
    json.push_back({{"rate", epoch.rate},
                    {"loss", epoch.loss},
                    {"train_accuracy", epoch.train_accuracy},
                    {"validation_accuracy", epoch.validation_accuracy}});
  return json;
}

std::string history_text(const std::string& title, const nn::TrainResult& history) {
  if (history.epochs.empty()) return "";
  TextTable table({title, "loss", "training", "validation", ""});
  for (std::size_t i = 0; i < history.epochs.size(); ++i) {
    const nn::EpochRecord& epoch = history.epochs[i];
    table.row({fmt::format("epoch {}", i + 1), fmt::format("{:.4f}", epoch.loss),
               percent(epoch.train_accuracy), percent(epoch.validation_accuracy),
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
  for (const std::string& file : {checkpoint, checkpoint + ".float"})
    require(checkpoint.empty() || (file != output && file != float_output),
            "--checkpoint and {} name the same file '{}'", file == output ? "--output" : "--float",
            file);
  card.chips = 0;
  card.seeds = 1;
  card.measures = {.accuracy = true, .cost = false};
  Workbench workbench(progress);
  if (!checkpoint.empty()) workbench.keep_checkpoints(card, checkpoint);
  const AccuracyResult accuracy = *run_experiment(card, workbench, progress).accuracy;
  if (!float_output.empty()) save_any_weights(float_output, *workbench.teacher(card)->network, {});
  save_trained(output, *workbench.student(card)->network, identity_of(card));
  Shown result;
  result.json = {
      {"accuracy",
       {{"float", accuracy.float_network ? Json(*accuracy.float_network) : Json()},
        {"source", accuracy.source}}},
      {"float_epochs", history_json(accuracy.teacher_history)},
      {"epochs", history_json(accuracy.history)},
      {"resumed_epochs",
       {{"float", accuracy.teacher_history.resumed}, {"source", accuracy.history.resumed}}},
      {"images_chose", accuracy.images_chose},
      {"weights", output}};
  if (!float_output.empty()) result.json["float_weights"] = float_output;
  std::string ledger;
  if (card.network.weights.source == nn::smart_deal_kind && !accuracy.history.epochs.empty()) {
    Shown view = ledger_view(card, *workbench.student(card)->network, accuracy.history);
    result.json["training_ledger"] = std::move(view.json);
    ledger = std::move(view.text) + "\n";
  }
  result.text = history_text("float network", accuracy.teacher_history) +
                history_text(label_of(card.network.weights), accuracy.history) + ledger +
                fmt::format("test accuracy: float {}, {} {}\nweights: {}\n",
                            accuracy.float_network ? percent(*accuracy.float_network) : "not known",
                            label_of(card.network.weights), percent(accuracy.source), output);
  if (!accuracy.images_chose.empty())
    result.text += images_chose_text(accuracy.images_chose) + "\n";
  return result;
}

}  // namespace

extern const Command train_command{
    .name = "train",
    .operand = "card.yaml",
    .summary = "train and save weights",
    .writes = Writes::file,
    .options = {{"float", "FILE", "save the float network's weights too", true},
                {"checkpoint", "FILE",
                 "state after every epoch, taken up again by the same command (float network: "
                 "FILE.float)"}},
    .run = do_train,
    .ends_when_asked = true};

}  // namespace lightloom::experiments

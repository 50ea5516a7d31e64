#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "experiments/results/text_table.hpp"
#include "experiments/studies/branch/branch_study.hpp"
#include "experiments/studies/costs/training_step.hpp"

namespace lightloom::experiments {
namespace {

Json epochs_json(const nn::BranchResult& result) {
  Json epochs = Json::array();
  for (const nn::BranchEpoch& epoch : result.epochs)
    epochs.push_back({{"rate", epoch.rate},
                      {"loss", epoch.loss},
                      {"train_accuracy", epoch.train_accuracy},
                      {"validation_accuracy", epoch.validation_accuracy}});
  return epochs;
}

Json taps_json(const nn::BranchShape& shape) {
  Json taps = Json::array();
  for (const nn::BranchTap& tap : shape.taps)
    taps.push_back({{"layers", tap.layers}, {"channels", tap.channels}});
  return taps;
}

}  // namespace

Json branch_json(const BranchStudy& study) {
  const nn::BranchResult& result = study.result;
  Json json{{"accuracy", result.test_accuracy},
            {"backbone_accuracy", study.backbone_accuracy},
            {"epochs", epochs_json(result)},
            {"best_epoch", result.best_epoch},
            {"parameters", result.parameters},
            {"blocks", study.shape.blocks},
            {"channels", study.shape.channels},
            {"size", study.shape.size},
            {"taps", taps_json(study.shape)},
            {"kept_bytes", result.kept_bytes},
            {"inverse", {{"numbers", result.pair_numbers}, {"lost", result.lost_numbers}}}};
  if (study.memory)
    json["training_step"] = {{"last_pair", step_memory_json(study.memory->recomputed)},
                             {"everything", step_memory_json(study.memory->kept)}};
  return json;
}

std::string branch_text(const BranchStudy& study) {
  const nn::BranchResult& result = study.result;
  TextTable table({"branch", "rate", "loss", "training", "validation", ""});
  for (std::size_t i = 0; i < result.epochs.size(); ++i) {
    const nn::BranchEpoch& epoch = result.epochs[i];
    table.row({fmt::format("epoch {}", i + 1), fmt::format("{:.3g}", epoch.rate),
               fmt::format("{:.4f}", epoch.loss), percent(epoch.train_accuracy),
               percent(epoch.validation_accuracy),
               static_cast<int>(i) == result.best_epoch ? "kept" : ""});
  }
  std::string text = table.text();
  text += fmt::format(
      "\ntest: {} beside the frozen network, which has {} by itself\n{} parameters, {} of "
      "activations for a backward pass\ninverse of {} blocks: {} of {} numbers lost\n",
      percent(result.test_accuracy), percent(study.backbone_accuracy), result.parameters,
      with_prefix(static_cast<double>(result.kept_bytes), "B"), study.shape.blocks,
      result.lost_numbers, result.pair_numbers);
  if (study.memory)
    text += "\n" + step_memory_text("last pair kept", study.memory->recomputed) + "\n" +
            step_memory_text("everything kept", study.memory->kept);
  return text;
}

}  // namespace lightloom::experiments

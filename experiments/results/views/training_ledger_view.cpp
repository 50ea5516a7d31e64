#include "experiments/results/views/training_ledger_view.hpp"

#include <fmt/format.h>

#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "nn/accounting/training_ledger.hpp"

namespace lightloom::experiments {
namespace {

Json ledger_json(const nn::TrainingLedger& ledger, int batch) {
  return {{"stored_bits", ledger.stored_bits},
          {"forward_bits", ledger.forward_bits},
          {"backward_bits", ledger.backward_bits},
          {"update_bits", ledger.update_bits},
          {"weight_traffic_bits", ledger.weight_traffic_bits()},
          {"activation_bits", ledger.activation_bits * batch}};
}

std::string kilobits(std::int64_t bits) {
  return fmt::format("{:.1f}", static_cast<double>(bits) / 1e3);
}

}  // namespace

Shown ledger_view(const Experiment& card, nn::Network& trained, const nn::TrainResult& history) {
  std::vector<nn::LedgerLayer> layers;
  for (nn::WeightLayer& layer : trained.weight_layers()) {
    const std::size_t number = layers.size();
    layers.push_back(
        {.shape = layer.shape,
         .streams = layer.source->streams(),
         .moved = number < history.own_changes.size() ? history.own_changes[number] : 0.0});
  }
  const nn::SourceCard& weights = card.network.weights;
  const nn::TrainingLedgers ledgers = nn::training_ledgers(
      layers, trained.shape().norm_parameters, weights.settings.of<nn::BucketOptions>(),
      {.state_words = nn::state_words(card.training.student.optimizer),
       .activation_bits = weights.activations > 0 ? weights.activations : 32});
  const int batch = card.training.student.batch;
  Shown view;
  view.json["batch"] = batch;
  TextTable table({"training, kbit", "stored", "forward", "backward", "update", "activations"});
  for (const auto& [name, ledger] :
       {std::pair("smart_deal", &ledgers.smart_deal), std::pair("fp32", &ledgers.fp32),
        std::pair("int8", &ledgers.int8)}) {
    view.json[name] = ledger_json(*ledger, batch);
    table.row({name, kilobits(ledger->stored_bits), kilobits(ledger->forward_bits),
               kilobits(ledger->backward_bits), kilobits(ledger->update_bits),
               kilobits(ledger->activation_bits * batch)});
  }
  view.text = table.text() + fmt::format("traffic is per step of {} images\n", batch);
  return view;
}

}  // namespace lightloom::experiments

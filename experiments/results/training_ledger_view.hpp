#pragma once

#include <string>

#include "experiments/cards/experiment_card.hpp"
#include "experiments/commands/commands.hpp"
#include "nn/network/network.hpp"
#include "nn/train/train.hpp"

namespace lightloom::experiments {

/// Stored bits and traffic of a SmartDeal training against FP32 and INT8 training.
struct LedgerView {
  Json json;
  std::string text;
};

/// For a network that was trained under a card whose source is smart_deal. Bits; traffic is per
/// training step of the card's batch.
LedgerView ledger_view(const Experiment& card, nn::Network& trained,
                       const nn::TrainResult& history);

}  // namespace lightloom::experiments

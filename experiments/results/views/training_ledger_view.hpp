#pragma once

#include <string>

#include "experiments/cards/experiment_card.hpp"
#include "experiments/results/json.hpp"
#include "nn/network/network.hpp"
#include "nn/train/train.hpp"

namespace lightloom::experiments {

/// Stored bits and traffic of a SmartDeal training against FP32 and INT8 training, for a network
/// that was trained under a card whose source is smart_deal. Bits; traffic is per training step of
/// the card's batch.
Shown ledger_view(const Experiment& card, nn::Network& trained, const nn::TrainResult& history);

}  // namespace lightloom::experiments

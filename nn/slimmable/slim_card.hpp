#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/cards/card.hpp"
#include "nn/optim/optimizer.hpp"
#include "nn/train/learning_rate.hpp"

namespace lightloom::nn {

/// The section `slimmable.gate` of a card: a small network that chooses the width of every image
/// from what the first layers make of it.
struct GateCard {
  std::string after;            // last layer with weights before it: these are the trunk
  double trunk = 0;             // width of the trunk, the same for all; 0: the narrowest
  int choices = 0;              // it chooses among so many widths, the narrowest; 0: all
  int hidden = 16;              // numbers between the pooled features and the choice
  double temperature = 1;       // of the Gumbel soft-max, in training
  double target_weight = 1;     // of the cross-entropy to the target: the narrowest width where
                                // that is right, else the widest of the choices
  double cost_weight = 0.5;     // of (max(0, MACs - cost_target_macs) / cost_unit_macs)^2, MACs
  double cost_unit_macs = 1e9;  // being the mean over a batch
  double cost_target_macs = 0;  // 0: as published
  int epochs = 30;
  int batch = 64;
  bool retrain =
      false;  // with SlimCard::file: the gate is trained anew on the widths that are read
  RateSchedule schedule;
  OptimizerOptions optimizer;
};

/// The section `slimmable` of a card: one network of several widths, each a slice of the next
/// (docs/models/nn/slimmable.md).
struct SlimCard {
  std::vector<double> widths;  // shares of every layer's channels, ascending, the last is 1
  int random = 2;              // widths between the ends that a step draws
  double average = 0.997;      // decay of the copy of the widest whose answers are soft labels
  int recalibrate = 0;         // training images for each width's statistics; 0: all
  std::string file;            // weights of an earlier training; "": train
  std::optional<GateCard> gate;
  bool static_control = true;  // train the static network of the gate's mean traffic too
};

/// Keys: widths, random, average, recalibrate, file, gate {after, trunk, choices, hidden,
/// temperature, target_weight, cost_weight, cost_unit_macs, cost_target_macs, epochs, batch,
/// retrain, and those of RateSchedule and OptimizerOptions}, controls.
void describe(Section& section, SlimCard& card);

}  // namespace lightloom::nn

#pragma once

#include <vector>

#include "core/cards/card.hpp"
#include "nn/optim/optimizer.hpp"
#include "nn/reversible/branch_network.hpp"
#include "nn/train/learning_rate.hpp"

namespace lightloom::nn {

/// The section `branch` of a card: a reversible branch trained beside the card's float network,
/// which stays as it is.
struct BranchCard {
  int blocks = 4;
  int channels = 16;      // of each half
  int size = 0;           // of its maps; 0: of the smallest tapped one
  std::vector<int> taps;  // numbers of layers; empty: the last map and two before it
  int fraction_bits = 12;
  BranchKeeps keeps = BranchKeeps::last_pair;
  int epochs = 3;
  int batch = 64;
  RateSchedule schedule;
  OptimizerOptions optimizer;
};

/// Keys: blocks, channels, size, taps, fraction_bits, keeps (last_pair, everything), epochs, batch,
/// and those of a schedule and of an optimiser.
void describe(Section& section, BranchCard& card);

}  // namespace lightloom::nn

#pragma once

#include <cstdint>
#include <string>

#include "nn/train.hpp"
#include "nn/weights_file.hpp"

namespace lightloom::nn {

/// A training between two epochs: enough to go on to the same bits.
struct Checkpoint {
  std::uint64_t seed = 0;
  std::int64_t batch = 0;
  std::int64_t step = 0;
  TrainResult result;
  Weights now, best;
  OptimizerState optimizer;
  std::vector<std::vector<float>> average;  // empty without averaging
};

/// One HDF5 file, replaced as a whole.
void save_checkpoint(const std::string& path, const Network& network, const Checkpoint& state);

/// Throws `Error` when the file belongs to another model, seed or batch than `expected`.
Checkpoint load_checkpoint(const std::string& path, const Network& network,
                           const Checkpoint& expected);

}  // namespace lightloom::nn

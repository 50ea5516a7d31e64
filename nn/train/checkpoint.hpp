#pragma once

#include <cstdint>
#include <string>

#include "nn/network/weights_file.hpp"
#include "nn/train/train.hpp"

namespace lightloom::nn {

/// A training between two epochs: enough to go on to the same bits.
struct Checkpoint {
  std::uint64_t seed = 0;
  std::int64_t batch = 0;
  Precision precision = Precision::float32;
  std::int64_t step = 0;
  std::string identity = {};  // see TrainHelpers
  TrainResult result;
  Weights now, best;
  OptimizerState optimizer;
  std::vector<std::vector<float>> average;  // empty without averaging
  std::int64_t averaged = 0;                // how many epochs are in the mean
  std::vector<std::int64_t> own_changes;    // by the sources' own rules, per layer
  std::int64_t own_steps = 0;
};

/// One HDF5 file, replaced as a whole.
void save_checkpoint(const std::string& path, const Network& network, const Checkpoint& state);

/// Throws `Error` when there is a file and it is no checkpoint, or one with another identity. Call
/// before long work.
void require_own_checkpoint(const std::string& path, const std::string& identity);

/// Throws `Error` when the file belongs to another model, seed, batch, precision or identity than
/// `expected`.
Checkpoint load_checkpoint(const std::string& path, const Network& network,
                           const Checkpoint& expected);

}  // namespace lightloom::nn

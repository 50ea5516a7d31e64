#pragma once

#include <string>

#include "experiments/studies/in_the_loop.hpp"
#include "nn/network/weights_file.hpp"

namespace lightloom::experiments {

/// Fine-tuning in the loop between two stages: enough to go on to the same bits.
struct LoopState {
  std::string identity;  // what it depends on, as text
  LoopResult result;
  nn::Weights weights;
};

/// One HDF5 file, replaced as a whole.
void save_loop_state(const std::string& path, const LoopState& state);
/// Throws `Error` when the file is no such state or has another identity.
LoopState load_loop_state(const std::string& path, const std::string& identity);

}  // namespace lightloom::experiments

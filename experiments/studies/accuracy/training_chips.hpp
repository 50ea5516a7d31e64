#pragma once

#include <memory>
#include <vector>

#include "cosim/analog/chip.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "nn/data/dataset.hpp"
#include "nn/graph/matrix_engine.hpp"
#include "nn/network/network.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::experiments {

/// Chips that a student is trained through (`train.noise_aware`), their converters calibrated:
/// `train.chips` of them, never one of those that are evaluated.
class TrainingChips {
 public:
  TrainingChips(nn::Network& student, const nn::Dataset& data, const Experiment& card);
  [[nodiscard]] std::vector<nn::MatrixEngine*> engines() const;

 private:
  std::unique_ptr<photonic::TensorCore> core_;
  std::vector<std::unique_ptr<cosim::Chip>> chips_;
};

}  // namespace lightloom::experiments

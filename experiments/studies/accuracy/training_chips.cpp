#include "experiments/studies/accuracy/training_chips.hpp"

#include <cstdint>

#include "nn/inference/inference.hpp"
#include "photonic/cores/core_table.hpp"

namespace lightloom::experiments {
namespace {

// Chips to train with are numbered from here: never one of those that are evaluated.
constexpr std::uint32_t training_chip = 1u << 31;

}  // namespace

TrainingChips::TrainingChips(nn::Network& student, const nn::Dataset& data, const Experiment& card)
    : core_(photonic::make_core(card.hardware.core)) {
  for (int c = 0; c < card.training.student.chips; ++c) {
    const cosim::ChipNumber number{card.seed, training_chip + static_cast<std::uint32_t>(c)};
    chips_.push_back(
        std::make_unique<cosim::Chip>(*core_, student, card.hardware.generator, number));
    nn::Inference before(student, &chips_.back()->engine());
    chips_.back()->calibrate(before, data, card.calibration_images);
  }
}

std::vector<nn::MatrixEngine*> TrainingChips::engines() const {
  std::vector<nn::MatrixEngine*> all;
  for (const auto& chip : chips_) all.push_back(&chip->engine());
  return all;
}

}  // namespace lightloom::experiments

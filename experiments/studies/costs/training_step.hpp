#pragma once

#include <string>

#include "cosim/training/layer_time.hpp"
#include "cosim/training/step_memory.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "experiments/results/json.hpp"
#include "experiments/studies/costs/cost_study.hpp"

namespace lightloom::experiments {

/// One step of training the card's whole network on the card's core.
struct TrainingStepStudy {
  cosim::TrainingStepCard card;
  double peak_macs_per_s = 0;  // of all cores
  double rule_ns = 0;          // CAMEL's T of the product that takes longest
  cosim::StepMemory memory;
};

/// For a card with a section `training_step`. Layers without weights take no time, and what goes
/// round a layer by a sum is not kept beside it. Throws `Error` for a core without a symbol rate.
TrainingStepStudy study_training_step(const Experiment& card, const SourceLayers& layers);

Json training_step_json(const TrainingStepStudy& study);
std::string training_step_text(const TrainingStepStudy& study);

/// The parts of these that other steps share.
Json step_memory_json(const cosim::StepMemory& memory);
std::string step_memory_text(const std::string& name, const cosim::StepMemory& memory);

/// The cores of a card as a training step sees them; refers to `core`.
cosim::StepCore step_core(const HardwareCard& hardware, const photonic::CoreDescription& core);

}  // namespace lightloom::experiments

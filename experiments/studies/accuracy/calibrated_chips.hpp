#pragma once

#include <memory>

#include "calibration/programming/calibrated_core.hpp"
#include "experiments/cards/experiment_card.hpp"

namespace lightloom::experiments {

/// The tensor core of a card; with a section `calibration`, of chips as they were measured.
std::unique_ptr<photonic::TensorCore> make_chips(const photonic::CoreCard& core,
                                                 const CalibrationUse& use);

/// The chips of a section `calibration`.
calibration::ProgrammedChips programmed_chips(const photonic::CoreCard& core,
                                              const CalibrationUse& use);

/// A file of chips drawn from a fit: variable `parameters` (sample, parameter).
void write_posterior(const std::string& path, const std::vector<std::vector<double>>& samples);
std::vector<std::vector<double>> read_posterior(const std::string& path, int parameters);

}  // namespace lightloom::experiments

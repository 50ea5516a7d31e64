#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "calibration/model/device_card.hpp"
#include "calibration/programming/calibrated_core.hpp"
#include "calibration/programming/voltages.hpp"
#include "core/progress.hpp"
#include "experiments/studies/workbench.hpp"

namespace lightloom::experiments {

using Drifts = std::vector<double>;  // (draws): RMS of the phases' drift, rad

/// Drifts of all heaters since the calibration: draw d moves heater h by its RMS times this fixed
/// normal number. At one time that is the distribution of an Ornstein-Uhlenbeck process that starts
/// at rest; from time to time the direction of a draw stays.
std::vector<double> drift_direction(const calibration::ChipShape& shape, std::uint64_t seed,
                                    std::uint32_t draw);

/// Whether each draw is worse than allowed at its drift.
using TooFar = std::function<std::vector<bool>(const Drifts& rms)>;

/// The least drift that is too far, by bisection of all draws at once to a part `resolution` of it;
/// infinite where even the widest, 1 rad, is not.
Drifts least_drifts(std::size_t draws, double resolution, const TooFar& too_far);

/// The error of random matrices programmed by a card on the chip that it describes, moved since by
/// `rms` times a direction.
double error_after_drift(const calibration::DeviceFile& device,
                         const std::vector<double>& direction, double rms,
                         const calibration::ProgrammingTrial& trial);

/// The network of an experiment on draws of a chip that was programmed by an old card.
class AgingNetwork {
 public:
  /// The card's `calibration` says which chip, one that drifts.
  AgingNetwork(const Experiment& card, std::size_t draws, ProgressSink& progress);

  [[nodiscard]] double digital_accuracy() const;
  /// What the test images, which tell when the chip is too old, choose.
  [[nodiscard]] std::vector<std::string> images_chose();
  /// Of every draw at its drift.
  [[nodiscard]] std::vector<double> accuracies(const Drifts& rms) const;

 private:
  Experiment card_;
  ProgressSink& progress_;
  Workbench workbench_;
  Workbench::DatasetPtr data_;
  Workbench::NetworkPtr student_;
  calibration::ProgrammedChips fresh_;
  std::vector<std::vector<double>> directions_;
};

}  // namespace lightloom::experiments

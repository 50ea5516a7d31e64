#include "experiments/studies/recalibration.hpp"

#include <algorithm>
#include <cmath>

#include "calibration/programming/voltages.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "experiments/studies/accuracy/calibrated_chips.hpp"
#include "experiments/studies/accuracy/chip_accuracy.hpp"
#include "experiments/studies/run_experiment.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

constexpr double widest_rad = 1;     // drifts beyond it are not tried
constexpr double finest_rad = 1e-4;  // nor differences below it

}  // namespace

std::vector<double> drift_direction(const ChipShape& shape, std::uint64_t seed,
                                    std::uint32_t draw) {
  const Stream stream(address_of(family::drift_since_calibration, seed, draw));
  std::vector<double> normal;
  for (int h = 0; h < shape.heater_count(); ++h)
    normal.push_back(stream.normal(static_cast<std::uint64_t>(h)));
  return normal;
}

Drifts least_drifts(std::size_t draws, double resolution, const TooFar& too_far) {
  Drifts low(draws, 0.0), high(draws, widest_rad);
  std::vector<bool> worse = too_far(high);
  for (std::size_t d = 0; d < draws; ++d)
    if (!worse[d]) low[d] = high[d] = INFINITY;
  const auto open = [&](std::size_t d) {
    return std::isfinite(high[d]) && high[d] - low[d] > std::max(finest_rad, resolution * high[d]);
  };
  for (;;) {
    Drifts middle(draws);
    bool any = false;
    for (std::size_t d = 0; d < draws; ++d) {
      any = any || open(d);
      middle[d] = std::isfinite(high[d]) ? 0.5 * (low[d] + high[d]) : 0;
    }
    if (!any) break;
    worse = too_far(middle);
    for (std::size_t d = 0; d < draws; ++d)
      if (open(d)) (worse[d] ? high : low)[d] = middle[d];
  }
  for (std::size_t d = 0; d < draws; ++d)
    if (std::isfinite(high[d])) high[d] = 0.5 * (low[d] + high[d]);
  return high;
}

double error_after_drift(const DeviceFile& device, const std::vector<double>& direction, double rms,
                         const ProgrammingTrial& trial) {
  std::vector<double> moved = device.parameters;
  const auto first = static_cast<std::size_t>(device.shape.parameters.first(ParameterKind::bias));
  for (std::size_t h = 0; h < direction.size(); ++h) moved[first + h] += rms * direction[h];
  return compare_programming(device.shape, {device.parameters, device.parameters, moved}, trial)
      .fitted;
}

AgingNetwork::AgingNetwork(const Experiment& card, std::size_t draws, ProgressSink& progress)
    : card_(card),
      progress_(progress),
      workbench_(progress),
      data_(workbench_.dataset(card_)),
      student_(workbench_.student(card_)),
      fresh_(programmed_chips(card_.hardware.core, card_.calibration)) {
  require_classes(card, "`calibrate when` by accuracy");
  require(fresh_.truth.size() == 1, "calibration.posterior gives several chips (one drifts here)");
  fresh_.truth.resize(draws, fresh_.truth.front());
  for (std::uint32_t d = 0; d < draws; ++d)
    directions_.push_back(drift_direction(fresh_.shape, card_.seed, d));
}

double AgingNetwork::digital_accuracy() const {
  return experiments::digital_accuracy(*student_->network, data_->test);
}

std::vector<std::string> AgingNetwork::images_chose() {
  std::vector<std::string> chose = what_images_chose(card_, workbench_.shared_images(card_));
  chose.emplace_back("when to calibrate again");
  return chose;
}

std::vector<double> AgingNetwork::accuracies(const Drifts& rms) const {
  ProgrammedChips chips = fresh_;
  chips.moved_rad = directions_;
  for (std::size_t d = 0; d < rms.size(); ++d)
    for (double& phase : chips.moved_rad[d]) phase *= rms[d];
  const auto core = make_calibrated_core(card_.hardware.core, std::move(chips));
  std::vector<double> found;
  for (const ChipResult& chip : evaluate_chips(*student_->network, *data_,
                                               {.core = *core,
                                               .generator = card_.hardware.generator,
                                               .seed = card_.seed,
                                               .chips = static_cast<int>(rms.size()),
                                               .images = card_.calibration_images},
                                               progress_))
    found.push_back(chip.accuracy);
  return found;
}

}  // namespace lightloom::experiments

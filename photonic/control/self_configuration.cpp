#include "photonic/control/self_configuration.hpp"

#include <cmath>
#include <numbers>

#include "photonic/devices/angle.hpp"

namespace lightloom::photonic {
namespace {

/// tr(target^dagger U): all that the error of a lossless mesh depends on.
double overlap(const SquareMatrix& target, const SquareMatrix& matrix) {
  double sum = 0;
  for (std::size_t k = 0; k < target.values.size(); ++k)
    sum += mul(std::conj(target.values[k]), matrix.values[k]).real();
  return sum;
}

/// Moves one phase to the maximum of a + b cos(phase) + c sin(phase), from readings a third of a
/// turn apart.
void maximise(MeasuredMesh& chip, const SquareMatrix& target, MeshSettings& settings, double& phase,
              int& readings) {
  constexpr double third = 2 * std::numbers::pi / 3;
  const double before = phase;
  double along_cos = 0, along_sin = 0;
  for (int step = 0; step < 3; ++step) {
    phase = before + step * third;
    const double value = overlap(target, chip.measure(settings));
    along_cos += value * std::cos(step * third);
    along_sin += value * std::sin(step * third);
    ++readings;
  }
  phase = wrap_phase(before + std::atan2(along_sin, along_cos));
}

}  // namespace

SelfConfiguration self_configure(MeasuredMesh& chip, const Topology& topology,
                                 const ConfigurationGoal& goal,
                                 const SelfConfigurationOptions& options) {
  const auto& [target, start] = goal;
  SelfConfiguration result{.settings = start};
  for (; result.rounds < options.rounds; ++result.rounds) {
    result.error = matrix_error(chip.measure(result.settings), target);
    ++result.readings;
    if (result.error < options.tolerance) return result;
    for (std::size_t k = 0; k < topology.cells.size(); ++k) {
      maximise(chip, target, result.settings, result.settings.theta[k], result.readings);
      maximise(chip, target, result.settings, result.settings.phi[k], result.readings);
    }
    for (double& phase : result.settings.screen)
      maximise(chip, target, result.settings, phase, result.readings);
  }
  result.error = matrix_error(chip.measure(result.settings), target);
  ++result.readings;
  return result;
}

}  // namespace lightloom::photonic

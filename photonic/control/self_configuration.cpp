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

/// Moves one phase of the settings to the maximum of a + b cos(phase) + c sin(phase), from three
/// readings a third of a turn apart.
constexpr int readings_of_phase = 3;
void maximise(MeasuredMesh& chip, const SquareMatrix& target, MeshSettings& settings,
              double& phase) {
  constexpr double third = 2 * std::numbers::pi / readings_of_phase;
  const double before = phase;
  double along_cos = 0, along_sin = 0;
  for (int step = 0; step < readings_of_phase; ++step) {
    phase = before + step * third;
    const double value = overlap(target, chip.measure(settings));
    along_cos += value * std::cos(step * third);
    along_sin += value * std::sin(step * third);
  }
  phase = wrap_phase(before + std::atan2(along_sin, along_cos));
}

}  // namespace

SelfConfiguration self_configure(MeasuredMesh& chip, const Topology& topology,
                                 const ConfigurationGoal& goal,
                                 const SelfConfigurationOptions& options) {
  const SquareMatrix& target = goal.target;
  SelfConfiguration result{.settings = goal.start};
  for (; result.rounds < options.rounds; ++result.rounds) {
    result.error = matrix_error(chip.measure(result.settings), target);
    ++result.readings;
    if (result.error < options.tolerance) return result;
    const auto turn = [&](double& phase) {
      maximise(chip, target, result.settings, phase);
      result.readings += readings_of_phase;
    };
    for (std::size_t k = 0; k < topology.cells.size(); ++k) {
      turn(result.settings.theta[k]);
      turn(result.settings.phi[k]);
    }
    for (double& phase : result.settings.screen) turn(phase);
  }
  result.error = matrix_error(chip.measure(result.settings), target);
  ++result.readings;
  return result;
}

}  // namespace lightloom::photonic

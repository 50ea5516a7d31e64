#include "calibration/next_measurement.hpp"

#include <numeric>

#include "calibration/laboratory/virtual_chip.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

/// Random candidates as measurements without readings.
Measurements random_candidates(const ChipShape& shape, const NextMeasurement& wanted) {
  Measurements data{.inputs = single_ports(shape.ports()), .settings = wanted.candidates};
  data.voltages = random_voltages(shape, wanted.candidates, wanted.max_voltage_V, wanted.seed);
  data.readings.assign(static_cast<std::size_t>(wanted.candidates) * data.block(), 0.0);
  return data;
}

/// Free: what the earlier fit had free, believed within its own standard deviations.
FitProblem problem_of(const DeviceFile& device, const Measurements& data) {
  FitProblem problem{.shape = &device.shape, .data = &data};
  std::vector<bool> is_free(device.sigma.size());
  for (std::size_t p = 0; p < is_free.size(); ++p) is_free[p] = device.sigma[p] > 0;
  problem.free = free_set(is_free);
  problem.prior = {device.parameters, device.sigma};
  problem.sigma = predicted_sigma(device.shape, data, device.parameters);
  return problem;
}

}  // namespace

NextSettings next_settings(const DeviceFile& device, const NextMeasurement& wanted) {
  NextSettings next{.candidates = random_candidates(device.shape, wanted)};
  const FitProblem problem = problem_of(device, next.candidates);
  require(problem.free.size() > 0, "the device card has no standard deviations (fit it first)");
  next.unknowns = problem.free.size();
  next.design = choose_settings(problem, device.parameters, wanted.settings);
  std::vector<int> first(static_cast<std::size_t>(wanted.settings));
  std::iota(first.begin(), first.end(), 0);
  next.log_det_random = information_of(problem, device.parameters, first);
  return next;
}

}  // namespace lightloom::calibration

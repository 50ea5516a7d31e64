#pragma once

#include <cstdint>

namespace lightloom::calibration {

/// Families of random numbers that share a `Purpose`, told apart by `StreamAddress::layer`. Append
/// only: the number is part of every result's address.
enum class MeasurementStream : std::uint32_t {
  reading_noise = 0,
  settings = 1,      // random voltages
  bench_states = 2,  // of all other heaters, while laws are looked for
  posterior = 3,     // chips drawn from a fit
};
enum class DriftStream : std::uint32_t {
  while_measured = 0,
  earlier_calibration = 1,  // of a chip that moved since
  since_calibration = 2,    // directions tried for "when to calibrate again"
};
constexpr std::uint32_t layer_of(MeasurementStream family) {
  return static_cast<std::uint32_t>(family);
}
constexpr std::uint32_t layer_of(DriftStream family) { return static_cast<std::uint32_t>(family); }

}  // namespace lightloom::calibration

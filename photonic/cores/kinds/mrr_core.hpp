#pragma once

#include "core/cards/card.hpp"
#include "photonic/devices/ring_bus.hpp"

namespace lightloom::photonic {

/// The rings of a microring weight bank. A row's inputs are split over parallel buses of `channels`
/// wavelengths each, equally spaced over one free spectral range; the photocurrents of the buses
/// add up.
struct RingBankCard {
  Ring ring;
  int channels = 8;  // wavelengths, and rings, per bus
  double weight_range =
      0.8;  // share of a ring's symmetric weight range that is used; the rest avoids the far wings
  double insertion_loss_db = 1;  // passing one bus, besides the resonances
  double mean_shift_rad =
      3.14159265358979;  // mean round-trip phase a heater holds: fabrication trimming and weight
  double radius_um = 5;
  double group_index = 4.2;
  double wavelength_nm = 1550;
  double thermal_shift_nm_per_K = 0.1;  // of the resonances of all rings alike
  double temperature_K = 0;             // of the chip, above that of its last calibration
  double laser_shift_nm = 0;            // of all laser lines alike, since the last calibration
  bool relock = false;  // the tuners have brought all rings back since the temperature changed
  double carrier_loss_per_rad =
      0;  // of carrier-driven rings: ln(1/a) that a radian of drive adds to a turn
  double neighbour_heat = 0;    // of heated rings: share of a heater's phase that the rings next to
                                // it on the bus get
  double trim_power_mW = 0;     // per ring, as long as the core is on: brings it to its own line
  double lock_power_mW = 0;     // likewise: keeps it there
  bool pair_per_bus = false;    // each bus of a row has a balanced pair of its own; else one a row
  double crossing_loss_db = 0;  // of one waveguide crossing between the splitters and the rows

  [[nodiscard]] RingBus bus() const { return {ring, channels, carrier_loss_per_rad}; }
  /// Buses that `inputs` wavelengths of a row take.
  [[nodiscard]] int buses(int inputs) const { return (inputs + channels - 1) / channels; }
  [[nodiscard]] double fsr_nm() const;
  /// Round-trip phase that every ring moves by when the chip warms up by a kelvin: one free
  /// spectral range is 2 pi.
  [[nodiscard]] double thermal_shift_rad_per_K() const;
  /// Round-trip phase of every ring at its own line after temperature and laser have moved.
  [[nodiscard]] double moved_rad() const;
  /// Most wavelengths on a bus: they share one free spectral range at least a line width (full
  /// width at half maximum) apart, else neighbours cannot be told from each other.
  [[nodiscard]] int most_channels() const;
};
void describe(Section& section, RingBankCard& card);

}  // namespace lightloom::photonic

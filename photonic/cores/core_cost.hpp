#pragma once

#include <optional>
#include <string>
#include <vector>

#include "photonic/cores/core_card.hpp"

namespace lightloom::photonic {

/// How the light of a core is sent and read: what a kind of core adds to laser, modulators,
/// detectors and converters, which all share.
struct CoreOptics {
  InputCoding coding = InputCoding::digital;
  bool light = true;  // false: no laser, modulators and receivers
  /// Nominal, from the laser to the detector of one output, at weight 1. For cores that send every
  /// input to all outputs that split is included.
  double insertion_loss_db = 0;
  double lit_inputs = 0;      // that the laser has to serve; 0: the columns
  double oscillators_mW = 0;  // optical power beside that of the inputs, whole core
  double pairs = 1;           // of diodes, whose currents add up at the amplifier of one output
  int slices = 1;             // of a weight, each with converters of its own (CoreDescription)
  ReadoutNoise noise;
  bool noisy_cells = false;    // `TensorCore::cell_noise` says more than its default
  DynamicOperands operands{};  // of cores that modulate both operands; energies are filled in
};

/// What electronic cells cost, in the place of a shifter.
struct CellCost {
  double write_energy_pJ = 0;  // of one device, with all its pulses
  double settle_ns = 0;        // until all of a tile are written
  double read_energy_pJ = 0;   // of all of a tile, per symbol
  double area_mm2 = 0;         // of all
};

/// What is programmed for a tile.
struct CoreDevices {
  double programmed = 0;          // devices with a setting of their own, per tile
  double placed = 0;              // devices that take a shifter's area
  double mean_phase_rad = 0;      // that a shifter holds; 0: settings stay without power
  double setting_operations = 0;  // that turn a new tile into settings
  struct Part {
    std::string component;
    double power_mW = 0;  // as long as the core is on
    double area_mm2 = 0;
  };
  std::vector<Part> others{};  // what the kind has besides
  std::optional<CellCost> cells{};
};

CoreOptics core_optics(const CoreCard& card);
CoreDevices core_devices(const CoreCard& card);

/// Loss of every input before it comes to what is special about a core: laser to chip, and
/// modulator.
double input_loss_db(const CoreCard& card);
/// Optical power of one full-scale input behind a loss, in mW.
double power_behind_mW(const CoreCard& card, double loss_db);
/// Read-out noise of the card's laser, detectors and symbol rate behind a loss, of intensities
/// and of fields. `pairs` of diodes share an amplifier.
ReadoutNoise intensity_noise(const CoreCard& card, double loss_db, double pairs = 1);
ReadoutNoise homodyne_noise(const CoreCard& card, double loss_db);

/// See CoreOptics.
double insertion_loss_db(const CoreCard& card);
/// Optical power in mW that a full-scale input brings to the detector of one output through
/// weight 1.
double detected_power_mW(const CoreCard& card);
/// Read-out noise that follows from the card's laser, losses, detectors and symbol rate.
ReadoutNoise readout_noise(const CoreCard& card);
/// Modulated values that the laser serves.
double lit_inputs(const CoreCard& card);
/// The parts of the card's table of precisions at the bits of its converters, with energies per
/// operation taken for the whole core: 2 rows columns operations. Throws `Error` where the table
/// does not give them.
std::vector<PrecisionPart> precision_of(const CoreCard& card);
/// Time, energy and area of the core. The parts' energies per symbol add up to
/// columns input_energy + rows output_energy + (laser + devices hold + static power) / symbol rate
/// + phase_energy / symbols, those per product to product_energy. The symbol rate is the mean over
/// a read phase: symbols at the card's rate, then the conversions that it waits for; or what a
/// table's time of a phase makes it. Where both operands are modulated the
/// energies per symbol add up to (input elements input_energy + weight elements weight_energy +
/// rows vectors (receiver_energy + output_energy / symbols of a tile)) + (laser + static power) /
/// symbol rate. Throws `Error` like `precision_of`.
CoreCost core_cost(const CoreCard& card);
/// Both operands of cores that modulate them, energies included; not present for others.
DynamicOperands core_operands(const CoreCard& card);
/// All of the above as the description of a core.
CoreDescription describe_core(const CoreCard& card);

}  // namespace lightloom::photonic

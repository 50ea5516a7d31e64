#pragma once

#include <any>
#include <memory>
#include <string>

#include "core/cards/card.hpp"
#include "photonic/cores/measured_card.hpp"
#include "photonic/cores/tensor_core.hpp"
#include "photonic/devices/drift.hpp"
#include "photonic/devices/heater.hpp"
#include "photonic/readout/converter.hpp"
#include "photonic/readout/sparse_dac.hpp"
#include "photonic/readout/transceiver.hpp"

namespace lightloom::photonic {

/// What is done about static errors that calibration has found.
enum class Correction { none, local };

/// What only cores of one kind have on their card: any struct that can be copied.
class OwnSettings {
 public:
  /// The settings, made with their defaults where there are none yet. Throws std::bad_any_cast
  /// where those of another kind are.
  template <class Settings>
  Settings& of() {
    if (!settings_.has_value()) settings_ = Settings{};
    return std::any_cast<Settings&>(settings_);
  }
  template <class Settings>
  const Settings& of() const {
    static const Settings defaults{};
    return settings_.has_value() ? std::any_cast<const Settings&>(settings_) : defaults;
  }
  /// nullptr where there are none, or those of another kind.
  template <class Settings>
  const Settings* find() const {
    return std::any_cast<Settings>(&settings_);
  }

 private:
  std::any settings_;
};

/// A tensor core as a card describes it: what cores of several kinds have, and `own`, what only its
/// kind has (core_table.hpp lists the kinds). Only the sections of its kind may be set in a card.
struct CoreCard {
  std::string kind = "ideal";
  int rows = 0;     // outputs; 0: what is usual for the kind
  int columns = 0;  // inputs; likewise
  double symbol_rate_GHz = 5;
  int readings = 1;  // of every input vector, whose converted outputs are averaged
  Correction correction = Correction::local;
  double phase_sigma_rad =
      0;  // error of a set phase that calibration leaves: static, per device and chip
  double programming_sigma_rad = 0;  // error of a set phase, new at every write
  int phase_bits =
      0;  // of a set phase, over 2 pi (mesh) or over what rings are set to; 0: continuous
  InputRange input_range = InputRange::largest;
  WeightScales weight_scales = WeightScales::tile;
  Converter input_dac;
  Converter output_adc;
  ReadScheme reads;          // `input_coding`, `read_phases`
  PrecisionTable precision;  // of the read-out, beside its converters; no entries: none
  LaserCard laser;
  ModulatorCard modulator;
  DetectorCard detector;
  ShifterCard shifter;
  DriftCard drift;
  MeasuredCard measured;
  BlockFloatingPoint blocks;
  WeightPath weight_path;
  SparseDac sparse_dac;
  OwnSettings own;

  /// Outputs and inputs after the defaults above.
  [[nodiscard]] int core_rows() const;
  [[nodiscard]] int core_columns() const;
  /// One-sided bandwidth of the receivers: half the symbol rate.
  [[nodiscard]] double bandwidth_Hz() const { return 0.5e9 * symbol_rate_GHz; }
};

/// Reads what all cores have, then what the card's kind has.
void describe(Section& section, CoreCard& card);
/// Sections that a kind's own `describe` may call: laser, modulator, detector and shifter; and what
/// is known, set and forgotten of phases (correction, errors, bits, drift).
void describe_light(Section& section, CoreCard& card);
void describe_phases(Section& section, CoreCard& card);

/// The card of that kind with every default. Throws `Error` for an unknown kind.
CoreCard default_card(const std::string& kind);

/// Builds the core that the card describes.
std::unique_ptr<TensorCore> make_core(const CoreCard& card);

}  // namespace lightloom::photonic

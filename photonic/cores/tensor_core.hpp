#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "photonic/readout/converter.hpp"
#include "photonic/readout/readout_noise.hpp"

namespace lightloom::photonic {

/// The addresses under which a tile's random numbers are drawn.
struct TileAddress {
  std::uint64_t seed = 0;
  std::uint32_t chip = 0;
  std::uint32_t layer = 0;
  std::uint32_t tile = 0;
  std::uint32_t write = 0;  // how often this tile has been programmed before
};

/// How a chip takes its inputs.
enum class InputCoding {
  intensity,  // non-negative only: signed inputs take two passes
  field,      // amplitude and sign at once
  digital,    // ideal core: any number
};

/// Time and energy of one core, from the same component descriptions that give its noise.
struct CoreCost {
  double symbol_rate_GHz = 0;   // input vectors per second
  double settle_ns = 0;         // after the weights of a tile were written
  double write_energy_pJ = 0;   // per programmed device (DAC code and driver)
  double hold_power_mW = 0;     // per programmed device, mean, while a tile is held
  double laser_power_mW = 0;    // electrical, whole core, while streaming; 0 if it always runs
  double input_energy_pJ = 0;   // per input element and symbol: DAC + modulator
  double output_energy_pJ = 0;  // per output element and symbol: detector, TIA, ADC
  double static_power_mW = 0;   // whole core, as long as it is on
  double area_mm2 = 0;
  std::int64_t devices = 0;  // programmed devices per tile
  double decompose_operations =
      0;  // digital operations that turn a new weight tile into device settings (0: none)
  struct Part {
    std::string component;  // "ADC", "laser", ...
    double energy_pJ_per_symbol = 0;
    double area_mm2 = 0;
  };
  std::vector<Part> parts;  // the same energies and areas by component
};

/// What cores have whose two operands are both modulated every symbol: nothing is programmed, and
/// products of activations run like layers. A symbol multiplies the weights (rows, symbol_columns)
/// with `vectors` input vectors at once; the modulated weights are shared by all vectors, the
/// modulated inputs by all rows. The currents of columns / symbol_columns symbols add up before
/// each output is converted.
struct DynamicOperands {
  int vectors = 0;         // input vectors of a symbol; 0: weights are programmed into devices
  int symbol_columns = 0;  // inputs of a vector in one symbol
  Converter weight_dac;    // bits 0: no quantisation
  /// Standard deviations of what is new with every symbol: of a modulated value relative to itself,
  /// and of its phase (fields: a product goes with the cosine of the phase between its operands).
  double magnitude_sigma = 0;
  double phase_sigma_rad = 0;
  /// What the power P of ReadoutNoise is made of: sum over inputs of input_light |x|^p +
  /// weight_light w^2.
  double input_light = 1;
  double weight_light = 0;
  double weight_energy_pJ = 0;    // per weight element and symbol: DAC + modulator
  double receiver_energy_pJ = 0;  // per output of a vector and symbol; a conversion has
                                  // `CoreCost::output_energy_pJ`
  [[nodiscard]] bool present() const { return vectors > 0; }
  /// Values that are modulated in a symbol.
  [[nodiscard]] double input_elements() const { return 1.0 * vectors * symbol_columns; }
  [[nodiscard]] double weight_elements(int rows) const { return 1.0 * rows * symbol_columns; }
  /// Symbols that `count` columns of a tile take.
  [[nodiscard]] int symbols(int count) const {
    return (count + symbol_columns - 1) / symbol_columns;
  }
};

/// What is fixed about a core, whatever its weights.
struct CoreDescription {
  std::string kind;
  int rows = 0;     // outputs
  int columns = 0;  // inputs
  InputCoding coding = InputCoding::digital;
  Converter input_dac;   // bits 0: no quantisation
  Converter output_adc;  // bits 0: no quantisation
  ReadoutNoise noise;
  bool noisy_cells = false;    // `cell_noise` says more than its default
  DynamicOperands operands{};  // of cores that modulate both operands
  CoreCost cost;

  /// Products that the core forms in one symbol.
  [[nodiscard]] double products_per_symbol() const {
    return operands.present() ? 1.0 * rows * operands.symbol_columns * operands.vectors
                              : 1.0 * rows * columns;
  }
};

/// The part of a tile that a layer uses: its first `rows` rows are read and its first `columns`
/// columns get light. The other weights are nobody's.
struct UsedPart {
  int rows = 0;
  int columns = 0;
};

/// Consecutive tiles of one layer on one chip, see `TensorCore::realise`.
struct TileBatch {
  std::span<const float> targets;
  TileAddress address;
  std::span<float> realised, scales;
  std::span<const UsedPart> used{};  // (tiles); empty: all of every tile
};

/// What the weights of tiles do at every reading, per weight like the targets. Both may be empty.
struct CellNoise {
  std::span<float> variance;  // of the weight, in network units squared, new at every reading
  std::span<float> light;     // share of an input's light that reaches the detectors through it
};

/// What happened while tiles were realised. Nothing is clipped silently.
struct RealisationReport {
  std::int64_t tiles = 0;
  std::int64_t weights = 0;
  std::int64_t clipped_weights = 0;  // outside the core's weight range
  std::int64_t devices = 0;
  std::int64_t unreachable_devices = 0;  // a setting the imperfect device cannot take
  double squared_error = 0;              // sum of (realised - target)^2
  double squared_target = 0;             // sum of target^2
  double squared_miss = 0;  // sum of (what the settings would give without errors - target)^2,
                            // where a core's settings are solved for (ring banks)
  void add(const RealisationReport& other);
};

/// A tensor core: what a chip makes of target weights. The only policy interface of this room.
class TensorCore {
 public:
  virtual ~TensorCore() = default;
  [[nodiscard]] virtual const CoreDescription& description() const = 0;

  /// Realises consecutive tiles of one layer on one chip. `targets` and `realised` are (tiles,
  /// rows, columns), row-major, in the network's units; tile i is drawn at address.tile + i. The
  /// result holds the weights the analog hardware multiplies with, static and programming errors
  /// included. `scales` (tiles) receives, per tile, the network weight that the core's full-scale
  /// weight 1 stands for: read-out noise and ADC range are in units of it. Thread-safe; the same
  /// address gives the same bits.
  virtual RealisationReport realise(std::span<const float> targets, TileAddress address,
                                    std::span<float> realised, std::span<float> scales) const = 0;

  /// The same where tiles need not be used whole. A core may make anything of the weights that
  /// nobody uses; in `realised` they are zero. As it stands here: `realise`, which makes zeros of
  /// them.
  virtual RealisationReport realise_used(const TileBatch& batch) const;

  /// The reading noise of the same tiles. As it stands here: none, and all the light.
  virtual void cell_noise(std::span<const float> targets, TileAddress address,
                          CellNoise noise) const;
};

}  // namespace lightloom::photonic

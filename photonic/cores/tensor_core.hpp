#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "photonic/readout/block_floating_point.hpp"
#include "photonic/readout/converter.hpp"
#include "photonic/readout/precision_table.hpp"
#include "photonic/readout/read_scheme.hpp"
#include "photonic/readout/readout_noise.hpp"
#include "photonic/readout/sparse_dac.hpp"

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
  field,      // amplitude and sign at once; differential intensities go as one
  digital,    // ideal core: any number
  offset,     // (1 + x) / 2 as an intensity: any sign at once, in units of the half; what the half
              // of every input adds to an output is taken off behind its converter
};

/// How the devices of positive and of negative weights can be read one after the other, so that a
/// weight w (-1 to 1, in units of the core) is the difference of two that are never negative.
enum class WeightSigns {
  inseparable,  // not at all
  parts,        // max(0, w) and max(0, -w)
  pairs,        // (l + w) / 2 and (l - w) / 2, l the light through both devices (see CellNoise)
};

/// How weights come to a core: by transfers of their own rate, of a whole tile or of one row each.
struct WeightPath {
  double rate_MHz = 0;  // transfers per second; 0: as fast as settings are written
  bool by_row = false;
  bool behind_generator = true;  // regenerated weights come by it as well
  [[nodiscard]] bool used() const { return rate_MHz > 0; }
};

/// Time and energy of one core, from the same component descriptions that give its noise.
struct CoreCost {
  double symbol_rate_GHz =
      0;  // symbols per second, their readings and conversions that they wait for included
  double settle_ns = 0;          // after the weights of a tile were written
  WeightPath weight_path{};      // by which they come
  SparseDac sparse_dac{};        // a bank of levels that they are set from, if there is one
  double write_energy_pJ = 0;    // per programmed device (DAC code and driver)
  double hold_power_mW = 0;      // per programmed device, mean, while a tile is held
  double laser_power_mW = 0;     // electrical, whole core, while streaming; 0 if it always runs
  double input_energy_pJ = 0;    // per input element and symbol: DAC + modulator
  double output_energy_pJ = 0;   // per output element and symbol: detector, TIA, ADC
  int symbols = 1;               // of an input vector in one read phase
  int conversions = 1;           // of an output in one read phase
  double phase_energy_pJ = 0;    // whole core, per read phase of an input vector, beside the above
  double product_energy_pJ = 0;  // likewise, per input vector
  double product_ns = 0;         // per input vector, beside its symbols
  Utilisation utilisation = Utilisation::whole;  // what of these two a part of a tile pays
  double static_power_mW = 0;                    // whole core, as long as it is on
  double area_mm2 = 0;
  std::int64_t devices = 0;  // programmed devices per tile
  double decompose_operations =
      0;  // digital operations that turn a new weight tile into device settings (0: none)
  struct Part {
    std::string component;  // "ADC", "laser", ...
    double energy_pJ_per_symbol = 0;
    double area_mm2 = 0;
    double energy_pJ_per_product = 0;  // once an input vector, beside its symbols
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
  InputRange input_range = InputRange::largest;
  WeightScales weight_scales = WeightScales::tile;
  Converter input_dac;   // bits 0: no quantisation
  Converter output_adc;  // bits 0: no quantisation
  ReadoutNoise noise;
  bool noisy_cells = false;  // `cell_noise` says more than its default
  /// Parts of different significance that a weight is split into, side by side. Each is read and
  /// converted by itself, all results are added digitally.
  int slices = 1;
  int readings = 1;  // of every input vector, each converted: their mean is what comes out
  ReadScheme reads;
  WeightSigns signs = WeightSigns::inseparable;
  BlockFloatingPoint blocks;   // with it, tiles come in units of their blocks' scales
  DynamicOperands operands{};  // of cores that modulate both operands
  CoreCost cost;

  /// Products that the core forms in one symbol.
  [[nodiscard]] double products_per_symbol() const {
    return operands.present() ? 1.0 * rows * operands.symbol_columns * operands.vectors
                              : 1.0 * rows * columns;
  }
};

/// Bits of an input's magnitude: all of an intensity's, one less of a signed code's, at least 1.
int magnitude_bits(InputCoding coding, int bits);

/// Whether inputs come as they are or may be negative.
enum class InputSigns { positive, both };

/// Read phases that inputs of such signs take, 1 or 2, and that the devices take for each of them,
/// 1 or 2. A card's `read_phases` other than auto are taken whatever the inputs are: they are the
/// core's rhythm.
int input_phases(const CoreDescription& core, InputSigns signs);
int weight_phases(const CoreDescription& core);
int read_phases(const CoreDescription& core, InputSigns signs);
/// Throws `Error`, naming `layer`, for inputs that the core cannot read in its phases: negative
/// intensities in one phase, signed inputs whose single bit has no room for a sign.
void require_readable(const CoreDescription& core, InputSigns signs, const std::string& layer);

/// Time of an input vector read in so many phases, in ns; 0 for a core without a symbol rate.
double product_time_ns(const CoreCost& cost, int phases);
/// Multiply-accumulates per ns with the whole core in use and inputs that are not negative.
double peak_macs_per_ns(const CoreDescription& core);

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

/// What a chip adds to its outputs, in full-scale products, where it is known from measurements.
struct OutputErrors {
  int period = 1;
  std::vector<float> offset{};       // (period, rows), by the number of the input vector
  std::vector<float> noise_sigma{};  // (rows), of every reading
  float noise_common = 0;            // share of its variance that all outputs of a vector have
  [[nodiscard]] bool any() const { return !noise_sigma.empty(); }
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

  /// What `realise_used` and `cell_noise` say, for each slice by itself: `realised`, `noise` (whole
  /// or empty) and `scales` are (tiles, slices, ...), in network units all of them. As it stands
  /// here: of cores with one slice.
  virtual RealisationReport realise_slices(const TileBatch& batch, CellNoise noise) const;

  /// What a chip adds to its outputs. As it stands here: nothing.
  [[nodiscard]] virtual OutputErrors output_errors(std::uint64_t seed, std::uint32_t chip) const;
};

}  // namespace lightloom::photonic

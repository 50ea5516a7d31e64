#pragma once

#include <memory>

#include "core/cards/card.hpp"
#include "photonic/control/thermal_crosstalk.hpp"
#include "photonic/cores/tensor_core.hpp"
#include "photonic/devices/converter.hpp"
#include "photonic/devices/drift.hpp"
#include "photonic/devices/heater.hpp"
#include "photonic/devices/mzi.hpp"
#include "photonic/devices/pcm.hpp"
#include "photonic/devices/ring.hpp"
#include "photonic/devices/transceiver.hpp"
#include "photonic/meshes/dispersion.hpp"
#include "photonic/meshes/fabrication.hpp"
#include "photonic/meshes/topology.hpp"

namespace lightloom::photonic {

enum class CoreKind { ideal, mrr_bank, mzi_mesh, pcm_crossbar };
/// The name cards use.
const char* kind_name(CoreKind kind);

/// What is done about static errors that calibration has found.
enum class Correction { none, local };

/// Phases that shifters of a mesh have without drive. Calibration knows them: set-points make up
/// the difference.
enum class PhaseBias { none, uniform };

/// The meshes of an MZI-mesh core.
struct MeshCard {
  int modes =
      64;  // rows or columns of the core card, when given, take its place: the larger of the two
  MeshKind topology = MeshKind::clements;
  DeviceKind device = DeviceKind::mzi;
  double device_loss_db = 0.1;  // nominal, of one MZI with its two shifters
  Pitch pitch;
  bool balanced_edges = true;  // edge modes carry dummy losses where they meet no MZI, so uniform
                               // loss is only a factor
};

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

/// A tensor core as a card describes it. Only the sections of its kind may be set in a card.
struct CoreCard {
  CoreKind kind = CoreKind::ideal;
  int rows = 0;     // outputs; 0: mesh.modes for a mesh, else 64
  int columns = 0;  // inputs; likewise
  double symbol_rate_GHz = 5;
  Correction correction = Correction::local;
  double phase_sigma_rad =
      0;  // error of a set phase that calibration leaves: static, per device and chip
  double programming_sigma_rad = 0;  // error of a set phase, new at every write
  int phase_bits =
      0;  // of a set phase, over 2 pi (mesh) or over the weight range (ring); 0: continuous
  PhaseBias phase_bias = PhaseBias::none;  // mesh only
  Converter input_dac;
  Converter output_adc;
  ReadoutNoise noise;  // ideal core only: lumped noise, see ReadoutNoise
  LaserCard laser;
  ModulatorCard modulator;
  DetectorCard detector;
  ShifterCard shifter;
  MeshCard mesh;
  FabricationCard fabrication;
  HeaterCard heater;          // mesh only
  CrosstalkCard crosstalk;    // mesh only
  DispersionCard dispersion;  // mesh only
  DriftCard drift;
  RingBankCard bank;
  PcmCard pcm;

  /// Outputs and inputs after the defaults above.
  [[nodiscard]] int core_rows() const;
  [[nodiscard]] int core_columns() const;
  /// Modes of the meshes: the larger of rows and columns.
  [[nodiscard]] int mesh_modes() const;
  /// One-sided bandwidth of the receivers: half the symbol rate.
  [[nodiscard]] double bandwidth_Hz() const { return 0.5e9 * symbol_rate_GHz; }
};

void describe(Section& section, CoreCard& card);

/// Builds the core that the card describes.
std::unique_ptr<TensorCore> make_core(const CoreCard& card);

}  // namespace lightloom::photonic

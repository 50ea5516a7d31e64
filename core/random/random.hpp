#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace lightloom {

/// One entry per source of randomness. Append only: the number is part of every result's address.
enum class Purpose : std::uint32_t {
  test = 0,
  glyphs = 1,              // the generated data set
  initial_weights = 2,     //
  shuffle = 3,             // order of training samples
  augmentation = 4,        //
  split = 5,               // train / validation split
  haar = 6,                // random unitaries
  splitter_error = 7,      // static, per chip
  phase_error = 8,         // static, per chip: error of a set phase that calibration leaves
  loss_error = 9,          // static, per chip
  wafer_gradient = 10,     // static, per chip: correlated fabrication error
  ring_detuning = 11,      // static, per chip
  heater_spread = 12,      // static, per chip: efficiency of each heater
  programming = 13,        // per write
  drift = 14,              // per elapsed time step
  readout = 15,            // per symbol: shot, thermal, RIN, lumped into one Gaussian
  converter = 16,          // static, per chip: offset, gain, non-linearity
  stuck_device = 17,       // static, per chip
  cell_drift = 18,         // per write: drift exponent of a memory cell
  generator_readout = 19,  // per generated value: noise of the photonic weight generator
  dropout = 20,            //
  quant_noise = 21,        //
  bit_error = 22,          //
  measurement = 23,        // noise of a simulated laboratory reading
  traffic = 24,            // memory request patterns
  phase_bias = 25,         // static, per chip: phase of an undriven shifter
  laser = 26,              // per symbol, common to all outputs of one laser
  generator_bank = 27,     // seeds of all that is random about the banks of a photonic generator
  completion = 28,         // fixed: what meshes do where nothing is read and no light comes in
  resampling = 29,         // bootstrap of images and chips
  conversion = 30,         // per conversion of symbols that were added up before it: the ADC's own
  weight_noise = 31,       // per training step: noise on the weights that a network learns to bear
  product_errors = 32,     // static, per chip: what a measured chip's products are off by
  product_noise = 33,      // per symbol: noise of a measured chip's products
  operand_magnitude = 34,  // per symbol: value of a modulated operand
  operand_phase = 35,      // per symbol: phase of a modulated operand
  design = 36,             // points of a sweep
  gumbel_noise = 37,       // per training step: noise on the shares of a search over weight sources
  random_networks = 38,    // networks that a search is compared with
};

/// Where a family of random numbers lives. Equal addresses give equal numbers, different ones
/// independent numbers.
struct StreamAddress {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::test;
  std::uint32_t chip = 0;
  std::uint32_t layer = 0;
  std::uint32_t tile = 0;
};

/// Families of numbers that share a purpose, told apart by what stands in the place of the layer.
/// Each has its name here and nowhere a number; append only.
struct Family {
  Purpose purpose;
  std::uint32_t layer;
};
namespace family {
inline constexpr Family laboratory_reading{Purpose::measurement, 0};   // noise of a reading
inline constexpr Family laboratory_settings{Purpose::measurement, 1};  // voltages of a measurement
inline constexpr Family bench_states{Purpose::measurement, 2};         // stray light of a sweep
inline constexpr Family posterior_sample{Purpose::measurement, 3};     // draws of fitted parameters
inline constexpr Family phase_drift{Purpose::drift, 0};              // phases on the chip, in time
inline constexpr Family earlier_calibration{Purpose::drift, 1};      // what an old card is off by
inline constexpr Family drift_since_calibration{Purpose::drift, 2};  // draws of `calibrate when`
inline constexpr Family product_halves{Purpose::split, 1};           // halves of measured products
// Of what stands beside a network, behind the numbers of its layers.
inline constexpr Family branch_weights{Purpose::initial_weights,
                                       1u << 24};                    // and the numbers after
inline constexpr Family width_order{Purpose::shuffle, 0xFFFF0000u};  // widths of a step
inline constexpr Family gate_images{Purpose::shuffle, 0xFFFF0001u};  // that a gate learns from
inline constexpr Family gate_weights{Purpose::initial_weights, 0xFFFF0000u};
inline constexpr Family gate_noise{Purpose::gumbel_noise, 0xFFFF0000u};  // on its choices
inline constexpr Family all[] = {laboratory_reading,
                                 laboratory_settings,
                                 bench_states,
                                 posterior_sample,
                                 phase_drift,
                                 earlier_calibration,
                                 drift_since_calibration,
                                 product_halves,
                                 branch_weights,
                                 width_order,
                                 gate_images,
                                 gate_weights,
                                 gate_noise};
}  // namespace family

/// The address of a family's numbers for one chip (or sample).
inline constexpr StreamAddress address_of(Family family, std::uint64_t seed,
                                          std::uint32_t chip = 0) {
  return {.seed = seed, .purpose = family.purpose, .chip = chip, .layer = family.layer};
}

/// Random numbers as a pure function of (address, device, shot): Philox4x32-10 (Salmon et al., SC
/// 2011) by Random123. The address is hashed once into a key; (device, shot) is the counter. No
/// state, so any thread may draw any number.
class Stream {
 public:
  explicit Stream(const StreamAddress& address);

  /// The 128 random bits of one (device, shot).
  [[nodiscard]] std::array<std::uint32_t, 4> bits(std::uint64_t device,
                                                  std::uint64_t shot = 0) const;
  /// Uniform in (0, 1), 53 bits.
  [[nodiscard]] double uniform(std::uint64_t device, std::uint64_t shot = 0) const;
  /// Standard normal.
  [[nodiscard]] double normal(std::uint64_t device, std::uint64_t shot = 0) const;
  /// Uniform integer in [0, bound), bound > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound, std::uint64_t device,
                                    std::uint64_t shot = 0) const;

  [[nodiscard]] std::array<std::uint32_t, 2> key() const { return key_; }

 private:
  std::array<std::uint32_t, 2> key_;
};

/// Fills `values` with standard normals of one shot, single precision: value i is a pure function
/// of (stream, shot, i). Six values share one Philox block (22 bits of radius, 20 of angle each
/// pair; no value exceeds 5.6), where `Stream::normal` uses a whole block a value: the two are
/// different families.
void fill_normal(const Stream& stream, std::uint64_t shot, std::span<float> values);

/// A random permutation of 0..size-1 (Fisher-Yates), a pure function of (stream, shot).
void fill_permutation(const Stream& stream, std::uint64_t shot, std::span<std::uint32_t> order);

}  // namespace lightloom

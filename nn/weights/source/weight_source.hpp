#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nn/optim/parameter.hpp"

namespace lightloom::nn {

/// One stored stream of a layer.
struct StoredStream {
  std::string name;        // "basis", "intra", "cross", "weight", "exponent", ...
  std::int64_t count = 0;  // stored words
  int bits = 32;           // per word
  bool in_ratio =
      true;  // false: stored by a real file but counted in no published ratio (scales, alignment)
  bool exposed = true;             // bits can be attacked by memory errors
  std::int64_t packed_values = 0;  // where words hold other numbers of values: all; 0: one a word
  std::int64_t most =
      0;  // where `count` depends on the weights: the most it can be; 0: it does not

  /// The values that the words hold: what a count of parameters counts.
  [[nodiscard]] std::int64_t values() const { return packed_values > 0 ? packed_values : count; }
  friend bool operator==(const StoredStream&, const StoredStream&) = default;
};

/// All bits that are stored, those that no published ratio counts among them.
inline std::int64_t bits_of(std::span<const StoredStream> streams) {
  std::int64_t bits = 0;
  for (const StoredStream& stream : streams) bits += stream.count * stream.bits;
  return bits;
}

/// The words of one stored stream as a memory holds them: the low `bits` bits of each.
struct CodedStream {
  std::string name;
  int bits = 32;
  bool in_ratio = true;
  bool exposed = true;
  std::vector<std::uint32_t> words;
};

/// Where a training forward happens: the address of the noise that some sources add in training
/// only, and the epoch, at whose start some begin anew.
struct TrainingStep {
  std::uint64_t seed = 0;
  std::uint32_t layer = 0;
  std::uint64_t step = 0;
  int epoch = 0;
};

/// What regenerating one layer's weights costs, per level (electronic operations), and how wide the
/// numbers are: hardware of 8-bit units takes n/8 of them for a sum or shift of n bits, (n/8)^2 for
/// a product.
struct RegenerationWork {
  std::int64_t intra_macs = 0;  // level 1: basis x intra-kernel coefficients
  std::int64_t cross_macs = 0;  // level 2: kernels x cross-kernel coefficients
  std::int64_t shifts = 0;
  std::int64_t adds = 0;
  std::int64_t lookups = 0;
  int mac_bits = 8;  // of the factors of the multiplications
  int sum_bits = 8;  // of shifts and additions
  friend bool operator==(const RegenerationWork&, const RegenerationWork&) = default;
};

/// The quantised factors of a two-level generator, W = V (U_i Wb_i), for hardware that computes
/// with them. A level that is off has an empty factor. Views into the source, valid until its
/// parameters change.
struct TwoLevelFactors {
  int out = 0, in = 0, area = 0;  // Co, Ci, k*k
  int cross = 0, intra = 0;       // Bc (generated kernels), Bi
  int groups = 1;  // of a grouped convolution, whose kernel j of every group lie side by side along
                   // `in`: `in_dense_order` puts the product back
  std::span<const float> basis;  // [Bc, Bi, area], or [Bc, in, area] when level 1 is off
  std::span<const float> u;      // [Bc, in, Bi], empty when level 1 is off
  std::span<const float> v;      // [out, Bc], empty when level 2 is off
};

/// What hardware needs to know of a layer's weight: what a memory stores of it, what making it
/// again costs, and the factors it can compute with in its place.
class StoredWeight {
 public:
  virtual ~StoredWeight() = default;

  [[nodiscard]] virtual std::vector<StoredStream> streams() const = 0;
  [[nodiscard]] virtual RegenerationWork work() const = 0;
  /// The factors of the present parameters, for sources of the two-level kind. Whoever multiplies
  /// them gets the weight of `WeightCode::materialise`, to rounding.
  [[nodiscard]] virtual std::optional<TwoLevelFactors> factors() { return std::nullopt; }
  /// How often the first rows of the weight's matrix [out, inputs] come, up to a factor a row: then
  /// so do their products. Above 1 only where out / row_repeats() rows are all that is stored.
  [[nodiscard]] virtual int row_repeats() const { return 1; }
  /// The number, above 0, of the group of layers of its network that are made of the same stored
  /// words; 0: it shares none.
  [[nodiscard]] virtual int shared_group() const { return 0; }
  /// Where each input's different values are stored as a list, from which hardware can set levels
  /// that its outputs share: how probable each possible value is, ascending, zero in the middle.
  /// Empty: there is no such list, or equal words are other values at other outputs.
  [[nodiscard]] virtual std::vector<double> value_shares() const { return {}; }
};

/// A weight as a code: fitted to a dense one, stored as words, regenerated from them.
class WeightCode : public StoredWeight {
 public:
  /// Fits the parameters to a dense weight [out, in/groups, kh, kw].
  virtual void encode(std::span<const float> dense) = 0;
  /// The dense weight as the hardware would regenerate it (quantised; bit-exact where it is
  /// integer).
  virtual void materialise(std::span<float> dense) = 0;
  /// The stored words of the present parameters, one entry per entry of `streams()`.
  virtual std::vector<CodedStream> codes() = 0;
  /// Regenerates the dense weight from stored words alone, like `materialise` and equal to it to
  /// the bit for the words of `codes()`. A `Learnable::backward` after it refers to the words given
  /// (training on weights with bit errors).
  virtual void decode(std::span<const CodedStream> streams, std::span<float> dense) = 0;
  /// Drops what training keeps beyond the words, where the source can: fewer different numbers, the
  /// same words and the same weight to the bit.
  virtual void round_to_words() {}
};

/// What a training needs of a weight. Those with a default are for sources that do more than
/// follow an optimiser.
class Learnable {
 public:
  virtual ~Learnable() = default;

  /// What the optimiser trains.
  virtual std::vector<Parameter*> parameters() = 0;
  /// What `encode` fixes and no optimiser touches (gains, masks): a checkpoint keeps it beside the
  /// parameters.
  virtual std::vector<Parameter*> constants() { return {}; }
  /// Adds the gradient of the loss with respect to the dense weight to the gradients of the
  /// parameters (straight-through where they are rounded). Refers to the latest `materialise` or
  /// `decode`.
  virtual void backward(std::span<const float> d_dense) = 0;
  /// Adds the gradient of the source's own regulariser, if its card asks for one, and returns its
  /// value.
  virtual double regularise() { return 0; }
  /// Updates what the source trains by a rule of its own, not the optimiser's, from the gradients
  /// that `backward` added, once per step at the optimiser's rate. Returns how many stored words
  /// changed.
  virtual std::int64_t own_step(double /*rate*/) { return 0; }
  /// The next `materialise` belongs to this training step; nullopt: to evaluation, which is the
  /// state at first.
  virtual void set_step(std::optional<TrainingStep> /*step*/) {}
};

/// Where a layer's weight comes from. A layer does not own a weight, it has a source. Who needs one
/// role of it takes that.
class WeightSource : public WeightCode, public Learnable {};

}  // namespace lightloom::nn

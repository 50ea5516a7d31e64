#pragma once

#include "nn/weights/codes/crew_code.hpp"
#include "nn/weights/direct/integer_source.hpp"
#include "nn/weights/source/forwarding_source.hpp"

namespace lightloom::nn {

inline constexpr const char* crew_kind = "crew";

/// What sets the scale of the integers: the largest weight, as published, or what leaves least
/// error, as `integer` has it.
enum class CrewRange { full, clipped };

/// What `crew` reads of the section `weights`, beside `bits`, `scales` and `weight_clip`.
struct CrewCard {
  CrewRange range = CrewRange::full;
  double budget = 0;  // squared error that merging may add, over the levels' sum of squares; 0: off
};
/// Keys: range, budget.
void describe(Section& section, CrewCard& card);

/// A layer as CREW sees it: groups of inputs, each place of a kernel one of its own (im2col), and
/// the outputs that each of them feeds.
struct CrewShape {
  std::int64_t groups = 1, columns = 0, outputs = 0;

  [[nodiscard]] std::int64_t inputs() const { return groups * columns; }
  [[nodiscard]] std::int64_t weights() const { return inputs() * outputs; }
  /// Where the weight from an input, of all groups, to one of its outputs lies.
  [[nodiscard]] std::size_t place(std::int64_t input, std::int64_t output) const {
    return static_cast<std::size_t>((input / columns * outputs + output) * columns +
                                    input % columns);
  }
};
CrewShape crew_shape(const LayerShape& shape);

/// Integers, their levels and training, stored input by input as the levels that occur and an index
/// into them for every output. Streams: how many levels (a word of `bits` bits an input), how wide
/// an index (4 bits), the levels, the indices bit by bit. How much is stored depends on the
/// weights: `streams` says what the last `codes` gave, and before that what weights of a normal
/// distribution take. Merging runs through the inputs in order and leaves out those that the budget
/// does not reach for.
class CrewSource final : public ForwardingSource {
 public:
  CrewSource(const CrewCard& card, const LayerShape& shape, int bits, const IntegerCard& integers);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  /// A look-up a weight, from index to level.
  [[nodiscard]] RegenerationWork work() const override;
  /// Those of weights of a normal distribution; none where every filter has a scale of its own.
  [[nodiscard]] std::vector<double> value_shares() const override;

 private:
  [[nodiscard]] std::vector<CrewInput> coded_inputs(std::span<const std::uint32_t> words) const;

  CrewCard card_;
  CrewShape shape_;
  std::vector<StoredStream> streams_;  // with the counts of the last `codes`
  int bits_;
  std::int64_t scales_;
};

/// The streams of such a layer with weights of a normal distribution.
std::vector<StoredStream> crew_streams(const CrewShape& shape, int bits, std::int64_t scales = 1);

/// `crew`: every layer, 2 to 8 bits, linear ones at `fc_bits`, by default as the others.
SourceEntry crew_entry();

}  // namespace lightloom::nn

#include "nn/weights/codes/crew_source.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/statistics.hpp"
#include "nn/weights/direct/normal_levels.hpp"

namespace lightloom::nn {
namespace {

constexpr int width_bits = 4;
constexpr Range crew_bits{.low = 2, .high = 8};

/// How many of the levels with these probabilities occur among `draws`, and the mean width of an
/// index: occurrences are taken as independent, their number as normal.
struct Expected {
  double levels = 0, width = 0;
};
Expected expected(const std::vector<double>& probabilities, std::int64_t draws) {
  Expected found{.levels = distinct_values(probabilities, draws)};
  double variance = 0;
  for (const double p : probabilities) {
    const double missing = std::pow(1 - p, static_cast<double>(draws));
    variance += missing * (1 - missing);
  }
  const double spread = std::sqrt(2 * std::max(variance, 1e-12));
  for (double most = 1; most < static_cast<double>(probabilities.size()); most *= 2)
    found.width += std::erfc((most + 0.5 - found.levels) / spread) / 2;
  return found;
}

/// Levels as the words of integers have them: plus 2^(bits - 1).
std::uint32_t level_word(std::int32_t level, int bits) {
  return static_cast<std::uint32_t>(level + (1 << (bits - 1)));
}

/// The streams of coded inputs.
struct CrewWords {
  std::vector<std::uint32_t> counts, widths, levels, indices;

  void add(const CrewInput& input, int bits) {
    const int width = index_bits(input.levels.size());
    counts.push_back(static_cast<std::uint32_t>(input.levels.size()));
    widths.push_back(static_cast<std::uint32_t>(width));
    for (const std::int32_t level : input.levels) levels.push_back(level_word(level, bits));
    for (const std::uint32_t index : input.indices)
      for (int bit = 0; bit < width; ++bit) indices.push_back(index >> bit & 1u);
  }
};

/// Words one after the other; behind the last of damaged streams stand zeros.
class WordReader {
 public:
  explicit WordReader(const std::vector<std::uint32_t>& words) : words_(words) {}
  std::uint32_t next() { return at_ < words_.size() ? words_[at_++] : 0u; }
  std::uint32_t bits(std::uint32_t count) {
    std::uint32_t value = 0;
    for (std::uint32_t bit = 0; bit < count; ++bit) value |= (next() & 1u) << bit;
    return value;
  }

 private:
  const std::vector<std::uint32_t>& words_;
  std::size_t at_ = 0;
};

/// The words of all weights. An index past the last level, which only damage makes, reads as the
/// level zero.
std::vector<std::uint32_t> weight_words(const CrewShape& shape, int bits,
                                        std::span<const CodedStream> streams) {
  WordReader counts(streams[0].words), widths(streams[1].words), levels(streams[2].words),
      indices(streams[3].words);
  std::vector<std::uint32_t> words(static_cast<std::size_t>(shape.weights()));
  for (std::int64_t input = 0; input < shape.inputs(); ++input) {
    std::vector<std::uint32_t> own(counts.next());
    for (std::uint32_t& level : own) level = levels.next();
    const std::uint32_t width = widths.next();
    for (std::int64_t output = 0; output < shape.outputs; ++output) {
      const std::uint32_t index = indices.bits(width);
      words[shape.place(input, output)] = index < own.size() ? own[index] : level_word(0, bits);
    }
  }
  return words;
}

}  // namespace

void describe(Section& section, CrewCard& card) {
  section.choice("range", card.range, {{"full", CrewRange::full}, {"clipped", CrewRange::clipped}});
  section.value("budget", card.budget, fraction);
}

CrewShape crew_shape(const LayerShape& shape) {
  return {
      .groups = shape.groups, .columns = shape.matrix_columns(), .outputs = shape.matrix_rows()};
}

CrewSource::CrewSource(const CrewCard& card, const LayerShape& shape, int bits,
                       const IntegerCard& integers)
    : ForwardingSource(std::make_unique<IntegerSource>(shape, bits, integers)),
      card_(card),
      shape_(crew_shape(shape)),
      streams_(crew_streams(shape_, bits, integer_scales(shape, integers.scales))),
      bits_(bits),
      scales_(integer_scales(shape, integers.scales)) {}

void CrewSource::encode(std::span<const float> dense) {
  inner().encode(dense);
  if (card_.range == CrewRange::clipped) return;
  for (Parameter* clip : inner().constants())
    std::fill(clip->value.begin(), clip->value.end(), 1.0f);
}

std::vector<CrewInput> CrewSource::coded_inputs(std::span<const std::uint32_t> words) const {
  const auto level_of = [&](std::uint32_t word) {
    return static_cast<std::int32_t>(word) - (1 << (bits_ - 1));
  };
  double left = 0;
  for (const std::uint32_t word : words)
    left += card_.budget * std::pow(static_cast<double>(level_of(word)), 2);
  std::vector<CrewInput> inputs;
  std::vector<std::int32_t> column(static_cast<std::size_t>(shape_.outputs));
  for (std::int64_t input = 0; input < shape_.inputs(); ++input) {
    for (std::int64_t output = 0; output < shape_.outputs; ++output)
      column[static_cast<std::size_t>(output)] = level_of(words[shape_.place(input, output)]);
    CrewInput plain = crew_input(column), merged = plain;
    const double added = left > 0 ? merge_rarest(merged) : 0;
    const bool within = left > 0 && added <= left;
    if (within) left -= added;
    inputs.push_back(std::move(within ? merged : plain));
  }
  return inputs;
}

void CrewSource::materialise(std::span<float> dense) {
  if (card_.budget > 0)
    decode(codes(), dense);
  else
    inner().materialise(dense);
}

std::vector<StoredStream> crew_streams(const CrewShape& shape, int bits, std::int64_t scales) {
  const std::vector<double> levels =
      normal_levels(bits, std::max<std::int64_t>(shape.weights() / scales, 1));
  const auto all = [&](double of_one) {
    return std::llround(of_one * static_cast<double>(shape.inputs()));
  };
  const std::int64_t most_levels =
      std::min<std::int64_t>(static_cast<std::int64_t>(levels.size()), shape.outputs);
  const int most_width = index_bits(static_cast<std::size_t>(most_levels));
  const Expected each = expected(levels, shape.outputs);
  return {
      {.name = "count", .count = shape.inputs(), .bits = bits},
      {.name = "width", .count = shape.inputs(), .bits = width_bits},
      {.name = "level",
       .count = all(each.levels),
       .bits = bits,
       .most = shape.inputs() * most_levels},
      {.name = "index",
       .count = all(std::min<double>(each.width, most_width) * static_cast<double>(shape.outputs)),
       .bits = 1,
       .packed_values = shape.weights(),
       .most = shape.weights() * most_width},
      {.name = "scale", .count = scales, .bits = 32, .in_ratio = false, .exposed = false}};
}

std::vector<StoredStream> CrewSource::streams() const { return streams_; }

std::vector<CodedStream> CrewSource::codes() {
  const std::vector<CodedStream> integers = inner().codes();
  CrewWords words;
  for (const CrewInput& input : coded_inputs(integers[0].words)) words.add(input, bits_);
  std::vector<CodedStream> coded{
      {.name = "count", .bits = bits_, .words = std::move(words.counts)},
      {.name = "width", .bits = width_bits, .words = std::move(words.widths)},
      {.name = "level", .bits = bits_, .words = std::move(words.levels)},
      {.name = "index", .bits = 1, .words = std::move(words.indices)},
      integers[1]};
  for (std::size_t i = 0; i < coded.size(); ++i)
    streams_[i].count = static_cast<std::int64_t>(coded[i].words.size());
  return coded;
}

void CrewSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == 5 &&
              static_cast<std::int64_t>(streams[0].words.size()) == shape_.inputs() &&
              static_cast<std::int64_t>(streams[1].words.size()) == shape_.inputs(),
          "these stored streams belong to another layer");
  const CodedStream words{
      .name = "weight", .bits = bits_, .words = weight_words(shape_, bits_, streams)};
  inner().decode(std::vector<CodedStream>{words, streams[4]}, dense);
}

std::vector<double> CrewSource::value_shares() const {
  if (scales_ > 1) return {};
  return normal_levels(bits_, std::max<std::int64_t>(shape_.weights(), 1));
}

RegenerationWork CrewSource::work() const { return {.lookups = shape_.weights()}; }

SourceEntry crew_entry() {
  return {.name = crew_kind,
          .settings = {settings_of<IntegerCard>(), settings_of<CrewCard>("crew")},
          .bits = 4,
          .bits_range = crew_bits,
          .linear_range = crew_bits,
          .bits_of_linear = [](const SourceCard& card) { return card.bits; },
          .make =
              [](const SourceCard& card, const LayerShape& shape) {
                return std::make_unique<CrewSource>(card.settings.of<CrewCard>(), shape,
                                                    word_bits(card, shape),
                                                    card.settings.of<IntegerCard>());
              },
          .streams =
              [](const SourceCard& card, const LayerShape& shape) {
                return crew_streams(crew_shape(shape), word_bits(card, shape),
                                    integer_scales(shape, card.settings.of<IntegerCard>().scales));
              },
          .lists_values =
              [](const SourceCard& card) {
                return card.settings.of<IntegerCard>().scales == IntegerScales::layer;
              }};
}

}  // namespace lightloom::nn

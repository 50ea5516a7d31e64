#include "nn/weights/exchange/exchange_source.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.hpp"
#include "nn/ops/quantise.hpp"
#include "nn/weights/source/no_bits.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {
namespace {

constexpr int columns = ExchangeShape::columns;
constexpr int basis_words = columns * columns;

Parameter make(const char* name, std::int64_t count) {
  const auto size = static_cast<std::size_t>(count);
  return {.name = name, .value = std::vector<float>(size), .gradient = std::vector<float>(size)};
}

/// Where a block lies in its layer.
struct BlockPlace {
  std::size_t number = 0;               // of the block
  std::size_t row = 0, rows = 0;        // of its coefficients
  std::size_t weight = 0, weights = 0;  // of the dense weight, padding left out
};

template <class Use>
void for_blocks(const ExchangeShape& shape, Use use) {
  BlockPlace place;
  for (int unit = 0; unit < shape.units; ++unit) {
    int left = shape.words;
    for (const int rows : shape.block_rows) {
      place.rows = static_cast<std::size_t>(rows);
      place.weights = static_cast<std::size_t>(std::min(left, columns * rows));
      use(place);
      left -= static_cast<int>(place.weights);
      ++place.number;
      place.row += place.rows;
      place.weight += place.weights;
    }
  }
}

std::vector<StoredStream> streams_of(const ExchangeShape& shape, std::int64_t live_rows) {
  const std::int64_t blocks = shape.blocks();
  return {{.name = "coefficients",
           .count = columns * live_rows,
           .bits = ExchangeSource::coefficient_bits,
           .most = columns * live_rows},
          {.name = "basis", .count = basis_words * blocks, .bits = ExchangeSource::basis_bits},
          {.name = "index", .count = std::int64_t{shape.units} * shape.rows(), .bits = 1},
          {.name = "scale", .count = blocks, .bits = 32, .in_ratio = false, .exposed = false},
          {.name = "top", .count = 1, .bits = 32, .in_ratio = false, .exposed = false}};
}

bool live(std::span<const float> row) {
  return std::any_of(row.begin(), row.end(), [](float value) { return value != 0.0f; });
}

}  // namespace

ExchangeSource::ExchangeSource(const ExchangeCard& card, const LayerShape& shape)
    : card_(card), shape_(exchange_shape(shape)) {
  const std::int64_t rows = std::int64_t{shape_.units} * shape_.rows();
  coefficients_ = make("coefficients", columns * rows);
  basis_ = make("basis", std::int64_t{basis_words} * shape_.blocks());
  mask_ = make("mask", columns * rows);
  top_ = make("top", 1);
  mask_.decay = top_.decay = false;
  powers_.resize(coefficients_.value.size());
  basis_codes_.resize(basis_.value.size());
  scales_.resize(static_cast<std::size_t>(shape_.blocks()));
}

PowerCode ExchangeSource::power_code() const {
  return {.bits = coefficient_bits, .top = static_cast<int>(top_.value[0])};
}

void ExchangeSource::encode(std::span<const float> dense) {
  std::vector<std::vector<double>> blocks(scales_.size());
  for_blocks(shape_, [&](const BlockPlace& place) {
    std::vector<double>& block = blocks[place.number];
    block.assign(dense.begin() + static_cast<std::ptrdiff_t>(place.weight),
                 dense.begin() + static_cast<std::ptrdiff_t>(place.weight + place.weights));
    block.resize(columns * place.rows);
    const ExchangeFit fit = fit_exchange(block, card_);
    std::copy(fit.coefficients.begin(), fit.coefficients.end(),
              coefficients_.value.begin() + static_cast<std::ptrdiff_t>(columns * place.row));
  });
  top_.value[0] = static_cast<float>(top_exponent(coefficients_.value));
  for (std::size_t i = 0; i < mask_.value.size(); ++i)
    mask_.value[i] = coefficients_.value[i] != 0.0f;
  round();
  // The exponent window may have dropped coefficients: fit each basis to what is left.
  for_blocks(shape_, [&](const BlockPlace& place) {
    const auto first = powers_.begin() + static_cast<std::ptrdiff_t>(columns * place.row);
    const std::vector<double> powers(first,
                                     first + static_cast<std::ptrdiff_t>(columns * place.rows));
    const std::vector<double> basis = fit_basis(blocks[place.number], powers);
    std::copy(basis.begin(), basis.end(),
              basis_.value.begin() + static_cast<std::ptrdiff_t>(basis_words * place.number));
  });
  round();
}

void ExchangeSource::round() {
  const PowerCode code = power_code();
  const auto theta = static_cast<float>(card_.theta) - 1e-5f;  // the release's margin
  for (std::size_t i = 0; i < powers_.size(); ++i) {
    const float value = coefficients_.value[i];
    const bool kept = mask_.value[i] != 0.0f && std::abs(value) >= theta;
    powers_[i] = kept ? power_value(code, power_word(code, value)) : 0.0f;
  }
  for (std::size_t block = 0; block < scales_.size(); ++block) {
    const auto values = std::span(basis_.value).subspan(basis_words * block, basis_words);
    const auto codes = std::span(basis_codes_).subspan(basis_words * block, basis_words);
    scales_[block] = integer_forward(values, basis_bits, 1.0f, codes);
  }
  count_rows();
}

void ExchangeSource::count_rows() {
  live_rows_ = nonzero_ = 0;
  for (std::size_t row = 0; row < powers_.size(); row += columns) {
    live_rows_ += live(std::span(powers_).subspan(row, columns));
    for (std::size_t j = 0; j < columns; ++j) nonzero_ += powers_[row + j] != 0.0f;
  }
}

/// Powers of two within seven exponents times 8-bit integers: sums of three are exact, the scale
/// multiplies once.
void ExchangeSource::rebuild(std::span<float> dense) const {
  for_blocks(shape_, [&](const BlockPlace& place) {
    const float* b = basis_codes_.data() + basis_words * place.number;
    const float* c = powers_.data() + columns * place.row;
    const float scale = scales_[place.number];
    float* w = dense.data() + place.weight;
    for (std::size_t i = 0; i < place.weights; ++i) {
      const std::size_t row = i / columns * columns, j = i % columns;
      w[i] =
          scale * (c[row] * b[j] + c[row + 1] * b[columns + j] + c[row + 2] * b[2 * columns + j]);
    }
  });
}

void ExchangeSource::materialise(std::span<float> dense) {
  round();
  rebuild(dense);
}

void ExchangeSource::backward(std::span<const float> d_dense) {
  for_blocks(shape_, [&](const BlockPlace& place) {
    const float* b = basis_codes_.data() + basis_words * place.number;
    const float* mask = mask_.value.data() + columns * place.row;
    const float* c = powers_.data() + columns * place.row;
    float* d_c = coefficients_.gradient.data() + columns * place.row;
    float* d_b = basis_.gradient.data() + basis_words * place.number;
    const float scale = scales_[place.number];
    for (std::size_t i = 0; i < place.weights; ++i) {
      const std::size_t row = i / columns * columns, j = i % columns;
      const float d = d_dense[place.weight + i];
      for (std::size_t k = 0; k < columns; ++k) {
        d_c[row + k] += mask[row + k] * scale * b[columns * k + j] * d;
        d_b[columns * k + j] += c[row + k] * d;
      }
    }
  });
}

std::vector<StoredStream> exchange_streams(const LayerShape& shape) {
  const ExchangeShape blocks = exchange_shape(shape);
  return streams_of(blocks, std::int64_t{blocks.units} * blocks.rows());
}

std::vector<StoredStream> ExchangeSource::streams() const { return streams_of(shape_, live_rows_); }

double ExchangeSource::bits_per_weight() const {
  double bits = 0;
  for (const StoredStream& stream : streams())
    if (stream.in_ratio) bits += static_cast<double>(stream.count) * stream.bits;
  return bits / (static_cast<double>(shape_.units) * shape_.words);
}

std::vector<CodedStream> ExchangeSource::codes() {
  round();
  const std::vector<StoredStream> stored = streams();
  const PowerCode code = power_code();
  CodedStream coefficients{.name = stored[0].name, .bits = coefficient_bits};
  CodedStream index{.name = stored[2].name, .bits = 1};
  for (std::size_t row = 0; row < powers_.size(); row += columns) {
    const auto values = std::span(powers_).subspan(row, columns);
    index.words.push_back(live(values) ? 1u : 0u);
    if (index.words.back() == 0u) continue;
    for (const float value : values) coefficients.words.push_back(power_word(code, value));
  }
  return {std::move(coefficients), to_words(stored[1], WordCoding::offset, basis_codes_),
          std::move(index), to_words(stored[3], WordCoding::real, scales_),
          to_words(stored[4], WordCoding::real, top_.value)};
}

void ExchangeSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == 5 && streams[2].words.size() * columns == powers_.size(),
          "these stored streams belong to another layer");
  const PowerCode code{.bits = coefficient_bits, .top = stored_exponent(streams[4].words.at(0))};
  const std::vector<std::uint32_t>& words = streams[0].words;
  std::size_t at = 0;
  for (std::size_t row = 0; row < powers_.size(); ++row) {
    const bool stored = streams[2].words[row / columns] != 0u;
    // A flipped index bit shifts all later rows: what runs past the end reads as zero.
    powers_[row] = stored && at < words.size() ? power_value(code, words[at]) : 0.0f;
    at += stored;
  }
  from_words(streams[1], WordCoding::offset, basis_codes_);
  from_words(streams[3], WordCoding::real, scales_);
  count_rows();
  rebuild(dense);
}

/// A shift and an add per stored non-zero coefficient and column.
RegenerationWork ExchangeSource::work() const {
  return {.shifts = columns * nonzero_, .adds = columns * nonzero_};
}

SourceEntry exchange_entry() {
  return {.name = "smart_exchange",
          .settings = {settings_of<ExchangeCard>("exchange")},
          .describe_bits = no_bits("smart_exchange (coefficients have 4 bits, bases 8)"),
          .takes = [](const SourceCard&, const LayerShape& shape) { return exchangeable(shape); },
          .make =
              [](const SourceCard& card, const LayerShape& shape) {
                return std::make_unique<ExchangeSource>(card.settings.of<ExchangeCard>(), shape);
              },
          .streams = [](const SourceCard&,
                        const LayerShape& shape) { return exchange_streams(shape); }};
}

}  // namespace lightloom::nn

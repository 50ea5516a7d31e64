#include "nn/weights/codes/mixing.hpp"

#include <bit>
#include <cmath>

#include "core/random/random.hpp"
#include "core/walsh_hadamard.hpp"

namespace lightloom::nn {
namespace {

enum class Axis : std::uint64_t { rows = 0, columns = 1 };

/// `count` vectors side by side, each number of one `width` behind the one before.
struct Vectors {
  std::int64_t count = 0, width = 1;
};

void hadamard(std::span<float> values, const Vectors& vectors) {
  for (std::int64_t first = 0; first < vectors.count;) {
    const auto rest = static_cast<std::uint64_t>(vectors.count - first);
    const auto size = static_cast<std::int64_t>(std::bit_floor(rest));
    const auto part = values.subspan(static_cast<std::size_t>(first * vectors.width),
                                     static_cast<std::size_t>(size * vectors.width));
    walsh_hadamard(part, static_cast<std::size_t>(vectors.width));
    const auto norm = static_cast<float>(1 / std::sqrt(static_cast<double>(size)));
    for (float& value : part) value *= norm;
    first += size;
  }
}

void flip_signs(std::span<float> values, const Vectors& vectors, Axis axis) {
  const Stream stream({.purpose = Purpose::haar});  // of seed 0: the same for all layers
  for (std::int64_t i = 0; i < vectors.count; ++i) {
    if ((stream.bits(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(axis))[0] & 1u) == 0)
      continue;
    for (float& value : values.subspan(static_cast<std::size_t>(i * vectors.width),
                                       static_cast<std::size_t>(vectors.width)))
      value = -value;
  }
}

template <class Change>
void for_rows(const MixedShape& shape, std::span<float> values, Change change) {
  const auto columns = static_cast<std::size_t>(shape.columns);
  for (std::size_t row = 0; row < static_cast<std::size_t>(shape.rows); ++row)
    change(values.subspan(row * columns, columns), Vectors{.count = shape.columns});
}

std::int64_t adds_of(std::int64_t count) {
  std::int64_t adds = 0;
  for (auto rest = static_cast<std::uint64_t>(count); rest > 0;) {
    const std::uint64_t size = std::bit_floor(rest);
    adds += static_cast<std::int64_t>(size * (std::bit_width(size) - 1u));
    rest -= size;
  }
  return adds;
}

}  // namespace

void mix(const MixedShape& shape, std::span<float> values) {
  const Vectors all{.count = shape.rows, .width = shape.columns};
  flip_signs(values, all, Axis::rows);
  hadamard(values, all);
  for_rows(shape, values, [](std::span<float> row, const Vectors& vectors) {
    flip_signs(row, vectors, Axis::columns);
    hadamard(row, vectors);
  });
}

void unmix(const MixedShape& shape, std::span<float> values) {
  const Vectors all{.count = shape.rows, .width = shape.columns};
  for_rows(shape, values, [](std::span<float> row, const Vectors& vectors) {
    hadamard(row, vectors);
    flip_signs(row, vectors, Axis::columns);
  });
  hadamard(values, all);
  flip_signs(values, all, Axis::rows);
}

std::int64_t mixing_adds(const MixedShape& shape) {
  return shape.rows * adds_of(shape.columns) + shape.columns * adds_of(shape.rows);
}

}  // namespace lightloom::nn

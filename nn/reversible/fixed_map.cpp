#include "nn/reversible/fixed_map.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::nn {
namespace {

std::uint32_t rounded(float x, double scale) {
  constexpr double most = 1 << 30;
  if (std::isnan(x)) return 0;
  const double wanted = std::nearbyint(std::clamp(double{x} * scale, -most, most));
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(wanted));
}

}  // namespace

void FixedMap::resize(const TensorShape& to) {
  shape = to;
  numbers.resize(static_cast<std::size_t>(to.size()));
}

void round_into(const Tensor& x, int fraction_bits, Rounded how, FixedMap& to) {
  if (how == Rounded::set) to.resize(x.shape());
  const double scale = std::ldexp(1.0, fraction_bits);
  const std::span<const float> values = x.values();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint32_t change = rounded(values[i], scale),
                        before =
                            how == Rounded::set ? 0 : static_cast<std::uint32_t>(to.numbers[i]);
    to.numbers[i] =
        static_cast<std::int32_t>(how == Rounded::taken_off ? before - change : before + change);
  }
}

void to_floats(const FixedMap& map, int fraction_bits, Tensor& x) {
  x.resize(map.shape);
  const float scale = std::ldexp(1.0f, -fraction_bits);
  const std::span<float> values = x.values();
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(map.numbers[i]) * scale;
}

}  // namespace lightloom::nn

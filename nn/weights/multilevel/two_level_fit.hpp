#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "nn/weights/multilevel/level_sizes.hpp"

namespace lightloom::nn {

/// QuantisedTensor values with W ~ gain V (U_i Wb_i); every factor's largest magnitude is the peak
/// asked for.
struct TwoLevelFit {
  std::vector<float> basis;  // [Bc, Bi, area], or [Bc, channels, area] when level 1 is off
  std::vector<float> u;      // [Bc, channels, Bi]
  std::vector<float> v;      // [kernels, Bc]
  double gain = 1;
};

/// Truncated singular value decompositions, level 2 first: optimal per level, not jointly (a weight
/// planted with both levels on is not recovered). `weight` is [kernels, channels, area]. The free
/// scales spread each component's magnitude evenly over its factors, which with one quantiser step
/// per factor keeps the summed rounding error low.
TwoLevelFit fit_by_svd(std::span<const float> weight, const LevelSizes& sizes, double peak);

/// The decomposition of level 2, of which fits of all ranks take the first components: for many
/// fits of one weight. Cheap to copy.
class TwoLevelSvd {
 public:
  /// `weight` and the layout of `sizes` as in `fit_by_svd`.
  TwoLevelSvd(std::span<const float> weight, const LevelSizes& sizes);
  /// What `fit_by_svd` gives, to rounding; safe on several threads.
  [[nodiscard]] TwoLevelFit fit(const LevelSizes& sizes, double peak) const;

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;
};

/// The reference implementation's random start: normal, standard deviation sqrt(2 / (Co k^2)) for
/// the basis, sqrt(2 / (Bc Bi)) for U, sqrt(2 / Co) for V. Gain 1.
TwoLevelFit random_fit(const LevelSizes& sizes, std::uint64_t seed, std::uint32_t layer);

}  // namespace lightloom::nn

#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// A core whose hardware multiplies with exactly the target weights; everything else is as
/// described.
class ExactCore final : public photonic::TensorCore {
 public:
  explicit ExactCore(photonic::CoreDescription description)
      : description_(std::move(description)) {}
  const photonic::CoreDescription& description() const override { return description_; }
  photonic::RealisationReport realise(std::span<const float> targets, photonic::TileAddress,
                                      std::span<float> realised,
                                      std::span<float> scales) const override {
    std::copy(targets.begin(), targets.end(), realised.begin());
    std::fill(scales.begin(), scales.end(), scale);
    return {.tiles = static_cast<std::int64_t>(scales.size())};
  }
  float scale = 1;

 private:
  photonic::CoreDescription description_;
};

}  // namespace lightloom::cosim

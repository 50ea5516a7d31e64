#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/random/random.hpp"
#include "tests/cosim/exact_core.hpp"

namespace lightloom::cosim {

/// What is frozen into a chip of a `WrongCore`.
enum class Wrong {
  outputs,  // rows of a tile mix
  weights,  // every weight is off by itself
};

/// A core of numbers whose chips multiply with wrong weights, drawn once per chip and layer.
class WrongCore final : public photonic::TensorCore {
 public:
  WrongCore(photonic::CoreDescription description, Wrong wrong, double share)
      : exact_(std::move(description)), wrong_(wrong), share_(share) {}
  const photonic::CoreDescription& description() const override { return exact_.description(); }
  photonic::RealisationReport realise(std::span<const float> targets, photonic::TileAddress address,
                                      std::span<float> realised,
                                      std::span<float> scales) const override {
    const photonic::RealisationReport report = exact_.realise(targets, address, realised, scales);
    const Stream stream({.seed = address.seed,
                         .purpose = Purpose::test,
                         .chip = address.chip,
                         .layer = address.layer});
    const auto rows = static_cast<std::size_t>(description().rows),
               columns = static_cast<std::size_t>(description().columns), size = rows * columns;
    for (std::size_t i = 0; i < realised.size(); ++i) {
      const std::size_t tile = i / size, row = i % size / columns, column = i % columns;
      if (wrong_ == Wrong::weights)
        realised[i] += static_cast<float>(share_ * stream.normal(address.tile * size + i));
      for (std::size_t k = 0; wrong_ == Wrong::outputs && k < rows; ++k)
        realised[i] += static_cast<float>(share_ * stream.normal(row * rows + k) *
                                          targets[tile * size + k * columns + column]);
    }
    return report;
  }

 private:
  ExactCore exact_;
  Wrong wrong_;
  double share_;
};

}  // namespace lightloom::cosim

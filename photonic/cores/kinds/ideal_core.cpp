#include <algorithm>

#include "photonic/cores/core_table.hpp"
#include "photonic/cores/tiles.hpp"

namespace lightloom::photonic {
namespace {

/// Multiplies with exactly the target weights; converters and lumped noise are optional.
class IdealCore final : public TensorCore {
 public:
  explicit IdealCore(const CoreCard& card) : description_(describe_core(card)) {}

  [[nodiscard]] const CoreDescription& description() const override { return description_; }

  RealisationReport realise(std::span<const float> targets, TileAddress address,
                            std::span<float> realised, std::span<float> scales) const override {
    const bool blocks = description_.blocks.used();  // whose scale is the unit of the weights
    return realise_tiles(description_, {targets, address, realised, scales}, [&](const Tile& tile) {
      std::ranges::copy(tile.target, tile.realised.begin());
      tile.scale = blocks ? 1.0F : largest_weight(tile.target);
      return RealisationReport{};
    });
  }

 private:
  CoreDescription description_;
};

}  // namespace

CoreEntry ideal_core() {
  return {.name = "ideal",
          .describe = [](Section& section,
                         CoreCard& card) { section.card("noise", card.own.of<ReadoutNoise>()); },
          .make = [](const CoreCard& card) { return std::make_unique<IdealCore>(card); },
          .optics =
              [](const CoreCard& card) {
                return CoreOptics{.light = false, .noise = card.own.of<ReadoutNoise>()};
              },
          .devices = {},
          .size = {},
          .statistics = {},
          .signs = WeightSigns::parts};
}

}  // namespace lightloom::photonic

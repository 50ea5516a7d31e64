#include <algorithm>

#include "photonic/cores/core_cost.hpp"
#include "photonic/cores/core_table.hpp"

namespace lightloom::photonic {
namespace {

/// Multiplies with exactly the target weights; converters and lumped noise are optional.
class IdealCore final : public TensorCore {
 public:
  explicit IdealCore(const CoreCard& card) : description_(describe_core(card)) {}

  [[nodiscard]] const CoreDescription& description() const override { return description_; }

  RealisationReport realise(std::span<const float> targets, TileAddress, std::span<float> realised,
                            std::span<float> scales) const override {
    const std::size_t tiles = checked_tiles(description_, targets, realised, scales);
    const std::size_t size = tiles > 0 ? targets.size() / tiles : 0;
    RealisationReport report{.tiles = static_cast<std::int64_t>(tiles),
                             .weights = static_cast<std::int64_t>(targets.size())};
    for (std::size_t i = 0; i < tiles; ++i) {
      const auto tile = targets.subspan(i * size, size);
      std::copy(tile.begin(), tile.end(), realised.begin() + static_cast<std::ptrdiff_t>(i * size));
      scales[i] = largest_weight(tile);
      add_errors(tile, tile, report);
    }
    return report;
  }

 private:
  CoreDescription description_;
};

}  // namespace

std::unique_ptr<TensorCore> make_ideal_core(const CoreCard& card) {
  return std::make_unique<IdealCore>(card);
}

}  // namespace lightloom::photonic

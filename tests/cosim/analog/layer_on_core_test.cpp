#include "cosim/analog/layer_on_core.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/cosim/exact_core.hpp"

namespace lightloom::cosim {
namespace {

/// Remembers what of its tiles is used.
class AttentiveCore final : public photonic::TensorCore {
 public:
  AttentiveCore(int rows, int columns) : exact_({.rows = rows, .columns = columns}) {}
  const photonic::CoreDescription& description() const override { return exact_.description(); }
  photonic::RealisationReport realise(std::span<const float> targets, photonic::TileAddress address,
                                      std::span<float> realised,
                                      std::span<float> scales) const override {
    return exact_.realise(targets, address, realised, scales);
  }
  photonic::RealisationReport realise_used(const photonic::TileBatch& batch) const override {
    used.assign(batch.used.begin(), batch.used.end());
    return exact_.realise_used(batch);
  }
  mutable std::vector<photonic::UsedPart> used;

 private:
  ExactCore exact_;
};

std::vector<std::pair<int, int>> used_of(const nn::LayerShape& shape, int rows, int columns) {
  const AttentiveCore core(rows, columns);
  const ChipCore chip(core, 0, 0);
  LayerOnCore layer;
  layer.shape = shape;
  write_layer(layer, chip, std::vector<float>(static_cast<std::size_t>(shape.weights()), 1.0F), 0);
  std::vector<std::pair<int, int>> used;
  for (const photonic::UsedPart& part : core.used) used.emplace_back(part.rows, part.columns);
  return used;
}

using Parts = std::vector<std::pair<int, int>>;

TEST(LayerOnCore, TellsTheCoreWhichRowsAreReadAndWhichColumnsGetLight) {
  EXPECT_EQ(used_of({.name = "line", .in_channels = 20, .out_channels = 10}, 8, 16),
            (Parts{{8, 16}, {8, 4}, {2, 16}, {2, 4}}));
  // Five groups of 2 x 3, three of which share a tile of 8 x 9: the zeros between them are used.
  EXPECT_EQ(used_of({.name = "groups", .in_channels = 15, .out_channels = 10, .groups = 5}, 8, 9),
            (Parts{{6, 9}, {4, 6}}));
}

}  // namespace
}  // namespace lightloom::cosim

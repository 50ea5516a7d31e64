#include "cosim/analog/readout/output_noise.hpp"

#include <cmath>

namespace lightloom::cosim {
namespace {

void multiply(const PackedTile& tile, ReadoutBlock block, const float* map,
              std::vector<float>& sums) {
  block.map = map;
  multiply_block(tile, block, sums);
}

}  // namespace

void multiply_block(const PackedTile& tile, ReadoutBlock block, std::vector<float>& sums) {
  sums.assign(static_cast<std::size_t>(block.positions) * static_cast<std::size_t>(tile.rows),
              0.0F);
  block.outputs = sums.data();
  block.output_stride = tile.rows;
  block.noise = block.laser = block.added = block.vector_scales = nullptr;
  read_out(tile, {}, block);
}

void scale_noise(const OutputNoise& noise, const ReadoutBlock& block, int rows,
                 std::span<float> normals) {
  for (int p = 0; p < block.positions; ++p) {
    const float laser = block.laser != nullptr ? block.laser[p] : 0.0F;
    for (int r = 0; r < rows; ++r) {
      const auto at = static_cast<std::size_t>(p) * static_cast<std::size_t>(rows) +
                      static_cast<std::size_t>(r);
      const float power = noise.power[noise.by_row ? at : static_cast<std::size_t>(p)];
      const float cells = noise.variance != nullptr ? noise.variance[at] : 0.0F;
      const float own = noise.outputs != nullptr ? noise.outputs[at] : 0.0F;
      const float dark = noise.dark > 0 ? noise.dark * noise.weight_sums[r] : 0.0F;
      const float variance = noise.additive + noise.shot * power + cells + noise.signal * own * own;
      normals[at] = normals[at] * std::sqrt(variance) + laser * (noise.leak * power + dark);
    }
  }
}

void measure_cells(const CellTiles& cells, const ReadoutBlock& block, float dark,
                   CellLight& light) {
  auto& [power, variance, lit] = light;
  const auto inputs =
      cells.light.weights.size() / static_cast<std::size_t>(cells.light.padded_rows);
  lit.assign(block.map, block.map + static_cast<std::size_t>(block.positions) * inputs);
  for (float& x : lit) x += dark;
  multiply(cells.light, block, lit.data(), power);
  for (float& x : lit) x *= x;
  multiply(cells.variance, block, lit.data(), variance);
}

}  // namespace lightloom::cosim

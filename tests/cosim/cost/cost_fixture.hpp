#pragma once

#include <string>
#include <vector>

#include "cosim/cost/cost_simulation.hpp"

namespace lightloom::cosim {

inline nn::LayerShape conv(int in, int out, int kernel, int map, int stride = 1) {
  return {.name = "conv",
          .in_channels = in,
          .out_channels = out,
          .kernel_height = kernel,
          .kernel_width = kernel,
          .stride = stride,
          .padding = kernel / 2,
          .in_height = map * stride,
          .in_width = map * stride,
          .out_height = map,
          .out_width = map};
}

/// A 64 x 64 core with round numbers: 1 GHz, every energy a power of ten.
inline photonic::CoreDescription round_core() {
  photonic::CoreDescription core{
      .kind = "round", .rows = 64, .columns = 64, .coding = photonic::InputCoding::field};
  core.cost = {.symbol_rate_GHz = 1,
               .settle_ns = 100,
               .write_energy_pJ = 10,
               .hold_power_mW = 0.01,
               .laser_power_mW = 100,
               .input_energy_pJ = 0.1,
               .output_energy_pJ = 1,
               .static_power_mW = 10,
               .area_mm2 = 5,
               .devices = 4096};
  return core;
}

/// Multi-level layer counted as docs/models/weights/accounting.md does: basis, intra, cross streams
/// and their MACs.
inline CostLayer multilevel_layer(const nn::LayerShape& shape, int intra, int cross, int basis_bits,
                                  int intra_bits, int cross_bits) {
  const std::int64_t in = shape.in_channels, out = shape.out_channels, area = shape.kernel_area();
  CostLayer layer{.shape = shape, .way = WeightDelivery::regenerate};
  layer.streams = {{.name = "basis", .count = cross * intra * area, .bits = basis_bits},
                   {.name = "intra", .count = cross * in * intra, .bits = intra_bits},
                   {.name = "cross", .count = out * cross, .bits = cross_bits}};
  layer.work = {.intra_macs = cross * in * intra * area, .cross_macs = out * cross * in * area};
  layer.factors = FactorShape{.out = static_cast<int>(out),
                              .in = static_cast<int>(in),
                              .area = static_cast<int>(area),
                              .cross = cross,
                              .intra = intra};
  return layer;
}

/// The weight layers of ResNet-18 for 224 x 224 images.
inline std::vector<nn::LayerShape> resnet18() {
  std::vector<nn::LayerShape> layers{conv(3, 64, 7, 112, 2)};
  const int channels[] = {64, 128, 256, 512};
  for (int stage = 0; stage < 4; ++stage)
    for (int block = 0; block < 2; ++block) {
      const int out = channels[stage], map = 56 >> stage;
      const bool down = stage > 0 && block == 0;
      const int in = down ? out / 2 : out;
      layers.push_back(conv(in, out, 3, map, down ? 2 : 1));
      layers.push_back(conv(out, out, 3, map));
      if (down) layers.push_back(conv(in, out, 1, map, 2));
    }
  layers.push_back({.name = "fc",
                    .kind = nn::LayerShape::Kind::linear,
                    .in_channels = 512,
                    .out_channels = 1000});
  for (std::size_t i = 0; i < layers.size(); ++i) layers[i].name += std::to_string(i);
  return layers;
}

}  // namespace lightloom::cosim

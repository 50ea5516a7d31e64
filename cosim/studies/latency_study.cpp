#include "cosim/studies/latency_study.hpp"

#include <cmath>

#include "core/error.hpp"
#include "cosim/generator/generator_table.hpp"
#include "cosim/generator/photonic_generator.hpp"
#include "memory/traffic/dram_estimate.hpp"

namespace lightloom::cosim {
namespace {

CostLayer layer_of(const GenerationLatencyCard& card, int kernel, int map) {
  const int area = kernel * kernel;
  const auto channels = static_cast<int>(std::lround(std::sqrt(card.weights / area)));
  require(static_cast<double>(channels) * channels * area == card.weights,
          "{} weights are no square layer with {} x {} kernels (channels^2 kernel^2)", card.weights,
          kernel, kernel);
  const std::int64_t wide = channels;
  CostLayer layer;
  layer.shape = {.name = "layer",
                 .in_channels = channels,
                 .out_channels = channels,
                 .kernel_height = kernel,
                 .kernel_width = kernel,
                 .padding = kernel / 2,
                 .in_height = map,
                 .in_width = map,
                 .out_height = map,
                 .out_width = map};
  layer.way = WeightDelivery::regenerate;
  layer.streams = {
      {.name = "basis",
       .count = std::int64_t{card.cross} * card.intra * area,
       .bits = card.dac_bits},
      {.name = "intra", .count = card.cross * wide * card.intra, .bits = card.dac_bits},
      {.name = "cross", .count = wide * card.cross, .bits = card.dac_bits}};
  layer.work = {.intra_macs = card.cross * wide * card.intra * area,
                .cross_macs = wide * card.cross * wide * area};
  layer.factors = FactorShape{
      .out = channels, .in = channels, .area = area, .cross = card.cross, .intra = card.intra};
  layer.reload_bits = card.weight_bits;
  return layer;
}

double busy_of(const CostReport& report, Stage stage) {
  for (const StageCost& cost : report.stages)
    if (cost.stage == stage) return cost.busy_ns;
  return 0;
}

}  // namespace

LatencyStudy study_latency(const GenerationLatencyCard& card, const CostInput& hardware, int kernel,
                           int map) {
  LatencyStudy study{.equation = generation_latency(card)};
  CostInput input = hardware;
  input.layers = {layer_of(card, kernel, map)};
  input.generator.kind = photonic_generator().name;
  auto& generator = input.generator.own.get<PhotonicGenerator>();
  generator.word_bits = card.dac_bits;
  generator.dac_rate_Gbps = card.dac_rate_Gbps;
  generator.shot_ns = card.modulation_ps * 1e-3;
  input.schedule.bandwidth_scale =
      card.bandwidth_GBps / memory::estimate_runs(input.memory.dram, 1e9).bandwidth_GBps;
  study.regenerate = simulate_cost(input);
  input.layers[0].way = WeightDelivery::reload;
  input.generator.kind = no_generator;
  study.reload = simulate_cost(input);
  study.tiled_generation_ns = busy_of(study.regenerate, Stage::generate);
  study.reload_load_ns = busy_of(study.reload, Stage::fetch_weights);
  study.regenerate_load_ns = busy_of(study.regenerate, Stage::fetch_weights);
  return study;
}

}  // namespace lightloom::cosim

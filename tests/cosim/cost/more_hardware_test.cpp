#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "core/random/random.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

/// Draws from a few values, the same ones for the same number.
class Draws {
 public:
  explicit Draws(std::uint64_t number) : number_(number) {}
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[stream_.below(values.size(), number_, drawn_++)];
  }

 private:
  Stream stream_{{.seed = 5, .purpose = Purpose::test}};
  std::uint64_t number_, drawn_ = 0;
};

nn::LayerShape any_shape(Draws& draws) {
  const bool depthwise = draws.one_of({0, 0, 0, 1}) == 1;
  const int in = draws.one_of({3, 33, 64, 150}), out = draws.one_of({10, 64, 100, 257});
  nn::LayerShape shape = conv(in, depthwise ? in : out, draws.one_of({1, 3, 5}),
                              draws.one_of({1, 4, 9, 28}), draws.one_of({1, 2}));
  if (depthwise) shape.groups = in;
  return shape;
}

std::vector<CostLayer> any_layers(Draws& draws, int integer_bits, int factor_bits) {
  std::vector<CostLayer> layers;
  const int count = draws.one_of({1, 2, 3, 5});
  for (int i = 0; i < count; ++i) {
    const nn::LayerShape shape = any_shape(draws);
    const bool generated = draws.one_of({0, 1}) == 1 && shape.groups == 1;
    layers.push_back(generated ? multilevel_layer(shape, 2, 8, factor_bits, factor_bits, factor_bits)
                               : reload_layer(shape, integer_bits));
    layers.back().digital = {.adds = draws.one_of({0, 10000, 300000}),
                             .reads = draws.one_of({0, 20000})};
  }
  return layers;
}

memory::BufferCard any_buffer(Draws& draws, double KB) {
  return {.capacity_KB = KB,
          .word_bytes = 32,
          .banks = draws.one_of({1, 4}),
          .read_pJ = 10,
          .write_pJ = 12,
          .leakage_mW = 1,
          .area_mm2 = 1,
          .access_ns = draws.one_of({0.2, 1.0, 5.0})};
}

/// Any network on any hardware; `bits` of weights by source.
CostInput any_card(std::uint64_t number, int integer_bits = 8, int factor_bits = 4) {
  Draws draws(number);
  CostInput input{.core = round_core()};
  input.layers = any_layers(draws, integer_bits, factor_bits);
  input.generator.kind = draws.one_of({"electronic", "photonic"});
  input.core.cost.settle_ns = draws.one_of({0.1, 10.0, 1000.0});
  input.core.cost.symbol_rate_GHz = draws.one_of({0.5, 5.0, 50.0});
  input.core.cost.decompose_operations = draws.one_of({0.0, 4096.0, 100000.0});
  input.memory.weight_buffer = any_buffer(draws, draws.one_of({8.0, 32.0, 128.0, 1024.0}));
  input.memory.tile_buffer = any_buffer(draws, draws.one_of({8.0, 32.0, 128.0}));
  input.memory.activation_buffer = any_buffer(draws, draws.one_of({8.0, 64.0, 512.0, 4096.0}));
  input.schedule = {.cores = draws.one_of({1, 1, 2, 3}),
                    .replicate = draws.one_of({0, 1}) == 1,
                    .weight_slots = draws.one_of({1, 2, 4}),
                    .tile_slots = draws.one_of({1, 2, 4}),
                    .input_slots = draws.one_of({1, 2}),
                    .output_slots = draws.one_of({1, 2}),
                    .dataflow = draws.one_of({Dataflow::weight_stationary,
                                              Dataflow::weight_stationary,
                                              Dataflow::output_stationary,
                                              Dataflow::input_stationary}),
                    .bandwidth_scale = draws.one_of({0.05, 0.5, 3.0})};
  input.programming.shadow_settings = draws.one_of({0, 1}) == 1;
  input.batch = draws.one_of({1, 3, 8});
  return input;
}

struct Improvement {
  std::string what;
  std::function<void(CostInput&)> make;
  bool costs_energy = false;  // by being there
};

std::vector<Improvement> improvements() {
  return {
      {"bandwidth x 1.5", [](CostInput& c) { c.schedule.bandwidth_scale *= 1.5; }},
      {"bandwidth x 2", [](CostInput& c) { c.schedule.bandwidth_scale *= 2; }},
      {"weight buffer x 2", [](CostInput& c) { c.memory.weight_buffer.capacity_KB *= 2; }},
      {"tile buffer x 2", [](CostInput& c) { c.memory.tile_buffer.capacity_KB *= 2; }},
      {"activation buffer x 2", [](CostInput& c) { c.memory.activation_buffer.capacity_KB *= 2; }},
      {"activation buffer x 16",
       [](CostInput& c) { c.memory.activation_buffer.capacity_KB *= 16; }},
      {"banks of all buffers x 2",
       [](CostInput& c) {
         for (memory::BufferCard* buffer : {&c.memory.weight_buffer, &c.memory.tile_buffer,
                                            &c.memory.activation_buffer})
           buffer->banks *= 2;
       }},
      {"weight slots + 1", [](CostInput& c) { ++c.schedule.weight_slots; }},
      {"tile slots + 1", [](CostInput& c) { ++c.schedule.tile_slots; }},
      {"input slots + 1", [](CostInput& c) { ++c.schedule.input_slots; }},
      {"output slots + 1", [](CostInput& c) { ++c.schedule.output_slots; }},
      {"shadow settings", [](CostInput& c) { c.programming.shadow_settings = true; }},
      {"settle / 2", [](CostInput& c) { c.core.cost.settle_ns /= 2; }},
      {"rate x 2", [](CostInput& c) { c.core.cost.symbol_rate_GHz *= 2; }},
      {"activation bits 6", [](CostInput& c) { c.activation_bits = 6; }},
      {"activation bits 7", [](CostInput& c) { c.activation_bits = 7; }},
      {"batch - 1", [](CostInput& c) { c.batch = std::max(1, c.batch - 1); }},
      {"cores x 2", [](CostInput& c) { c.schedule.cores *= 2; }, true},
      {"cores x 32", [](CostInput& c) { c.schedule.cores *= 32; }, true},
  };
}

TEST(MoreHardware, NeverTakesLonger) {
  for (std::uint64_t n = 0; n < 100; ++n) {
    const CostInput card = any_card(n);
    const double before = simulate_cost(card).time_ns;
    for (const Improvement& improvement : improvements()) {
      CostInput better = card;
      improvement.make(better);
      EXPECT_LE(simulate_cost(better).time_ns / before, 1 + 1e-9) << n << ", " << improvement.what;
    }
    EXPECT_LE(simulate_cost(any_card(n, 7, 3)).time_ns / before, 1 + 1e-9) << n << ", fewer bits";
  }
}

TEST(MoreHardware, NeverTakesMoreEnergyWhereThatIsTheObjective) {
  for (std::uint64_t n = 0; n < 100; ++n) {
    CostInput card = any_card(n);
    card.schedule.objective = Objective::energy;
    const double before = simulate_cost(card).energy_J();
    for (const Improvement& improvement : improvements()) {
      if (improvement.costs_energy) continue;
      CostInput better = card;
      improvement.make(better);
      EXPECT_LE(simulate_cost(better).energy_J() / before, 1 + 1e-9)
          << n << ", " << improvement.what;
    }
  }
}

}  // namespace
}  // namespace lightloom::cosim

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
    layers.push_back(generated
                         ? multilevel_layer(shape, 2, 8, factor_bits, factor_bits, factor_bits)
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
  input.schedule = {
      .cores = draws.one_of({1, 1, 2, 3}),
      .replicate = draws.one_of({0, 1}) == 1,
      .weight_slots = draws.one_of({1, 2, 4}),
      .tile_slots = draws.one_of({1, 2, 4}),
      .input_slots = draws.one_of({1, 2}),
      .output_slots = draws.one_of({1, 2}),
      .dataflow = draws.one_of({Dataflow::weight_stationary, Dataflow::weight_stationary,
                                Dataflow::output_stationary, Dataflow::input_stationary}),
      .bandwidth_scale = draws.one_of({0.05, 0.5, 3.0})};
  input.programming.shadow_settings = draws.one_of({0, 1}) == 1;
  input.batch = draws.one_of({1, 3, 8});
  return input;
}

/// A layer of so many tiles that wait for the activation buffer alone.
CostInput slow_buffer(int tiles, int cores) {
  CostInput input{.layers = {reload_layer(conv(64, 64 * tiles, 1, 9), 8)}, .core = round_core()};
  input.core.cost.settle_ns = 0;
  input.programming = {.lanes = 0, .rate_GHz = 1e12};
  input.memory.dram.clock_ns = 1e-9;
  input.memory.activation_buffer = {.word_bytes = 32, .banks = 1, .access_ns = 10};
  input.memory.weight_buffer = {.capacity_KB = 1e6, .access_ns = 1e-9};
  input.schedule.cores = cores;
  input.schedule.replicate = false;
  return input;
}

// 81 vectors of 128 bytes at 3.2 bytes a ns, three times.
TEST(MoreHardware, IdleCoresTakeNoBandwidth) {
  for (const int cores : {1, 2, 3, 4, 64})
    EXPECT_NEAR(simulate_cost(slow_buffer(3, cores)).time_ns, 3 * 81 * 128 / 3.2, 0.1) << cores;
}

// The digital unit has the buffer's 3.2 bytes a ns whatever the number of cores.
TEST(MoreHardware, CoresDoNotSlowTheDigitalUnit) {
  for (const int cores : {1, 4}) {
    CostInput input = slow_buffer(1, cores);
    input.layers[0].digital = {.reads = 32000};
    EXPECT_NEAR(simulate_cost(input).time_ns, 81 * 128 / 3.2 + 10000, 0.1) << cores;
  }
}

struct Improvement {
  std::string what;
  std::function<void(CostInput&)> make;
  bool costs_energy = false;  // by being there
  double most = 1 + 1e-9;     // of what it was before
};

std::vector<Improvement> improvements() {
  return {
      {"bandwidth x 1.5", [](CostInput& c) { c.schedule.bandwidth_scale *= 1.5; }},
      {"bandwidth x 2", [](CostInput& c) { c.schedule.bandwidth_scale *= 2; }},
      {"weight buffer x 2", [](CostInput& c) { c.memory.weight_buffer.capacity_KB *= 2; }},
      {"tile buffer x 2", [](CostInput& c) { c.memory.tile_buffer.capacity_KB *= 2; }},
      // With room for the partial sums of all rows the tiles of a regenerated layer come in another
      // order, which may finish a little later.
      {"activation buffer x 2", [](CostInput& c) { c.memory.activation_buffer.capacity_KB *= 2; },
       false, 1.005},
      {"activation buffer x 16", [](CostInput& c) { c.memory.activation_buffer.capacity_KB *= 16; },
       false, 1.005},
      {"banks of all buffers x 2",
       [](CostInput& c) {
         for (memory::BufferCard* buffer :
              {&c.memory.weight_buffer, &c.memory.tile_buffer, &c.memory.activation_buffer})
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
      // Deliveries, copies and cores are chosen one after the other.
      {"cores x 2", [](CostInput& c) { c.schedule.cores *= 2; }, true, 1.005},
      {"cores x 8", [](CostInput& c) { c.schedule.cores *= 8; }, true, 1.005},
  };
}

TEST(LongMoreHardware, NeverTakesLonger) {
  for (std::uint64_t n = 0; n < 100; ++n) {
    const CostInput card = any_card(n);
    const double before = simulate_cost(card).time_ns;
    for (const Improvement& improvement : improvements()) {
      CostInput better = card;
      improvement.make(better);
      EXPECT_LE(simulate_cost(better).time_ns / before, improvement.most)
          << n << ", " << improvement.what;
    }
    EXPECT_LE(simulate_cost(any_card(n, 7, 3)).time_ns / before, 1 + 1e-9) << n << ", fewer bits";
  }
}

/// One tile of 64 x 64 of which a quarter holds weights: 1024 bytes of them, or 4096 settings.
CostInput quarter_of_a_tile(Objective objective) {
  CostInput input{.layers = {reload_layer(conv(32, 32, 1, 9), 8)}, .core = round_core()};
  input.core.cost.decompose_operations = 6400;  // 100 ns, at 2.3 pJ each
  input.schedule = {.objective = objective, .bandwidth_scale = 10};
  input.memory.dram.access_pJ_per_bit = 10;
  return input;
}

// Settings are 48 bursts more and need no 100 ns of the digital unit: quicker at 128 bytes a ns,
// slower at a tenth of that. They take the energy of 48 bursts more and of 6400 operations less.
TEST(MoreHardware, WeightsOrSettingsAreWhatTheObjectiveLikes) {
  CostInput input = quarter_of_a_tile(Objective::time);
  const auto weight_bytes = [](const CostInput& of) {
    return simulate_cost(of).traffic.weight_bytes;
  };
  EXPECT_EQ(weight_bytes(input), 4096);
  input.schedule.bandwidth_scale = 1;
  EXPECT_EQ(weight_bytes(input), 1024);
  input = quarter_of_a_tile(Objective::energy);
  const double bursts_pJ = 48 * 512 * 10;  // 2.3 pJ an operation are a sixteenth of that
  EXPECT_EQ(weight_bytes(input), 1024);
  input.digital.operation_pJ = 2 * bursts_pJ / 6400;
  EXPECT_EQ(weight_bytes(input), 4096);
}

TEST(LongMoreHardware, NeverTakesMoreEnergyWhereThatIsTheObjective) {
  for (std::uint64_t n = 0; n < 100; ++n) {
    CostInput card = any_card(n);
    card.schedule.objective = Objective::energy;
    const double before = simulate_cost(card).energy_J();
    for (const Improvement& improvement : improvements()) {
      if (improvement.costs_energy) continue;
      CostInput better = card;
      improvement.make(better);
      EXPECT_LE(simulate_cost(better).energy_J() / before, improvement.most)
          << n << ", " << improvement.what;
    }
  }
}

}  // namespace
}  // namespace lightloom::cosim

#include "cosim/visits/visit_generation.hpp"

#include <gtest/gtest.h>

#include "cosim/generator/photonic_generator.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

/// 96 channels in, 80 out, 3 x 3 on 14 x 14 from 24 kernels of 2: 14 column tiles (the last of 32
/// columns) and 2 row tiles of 64 x 64; words of 4 bits.
CostInput input_of(const std::string& generator) {
  CostInput input{.core = round_core()};
  input.layers = {multilevel_layer(conv(96, 80, 3, 14), 2, 24, 4, 4, 4)};
  input.generator.kind = generator;
  return input;
}

/// The same with stored kernels: 24 x 96 x 9 words of basis, no level 1.
CostInput stored_kernels() {
  CostInput input = input_of("photonic");
  CostLayer& layer = input.layers[0];
  layer.streams = {{.name = "basis", .count = 24 * 96 * 9, .bits = 4},
                   {.name = "cross", .count = 80 * 24, .bits = 4}};
  layer.factors->intra_level = false;
  layer.factors->intra = 0;
  return input;
}

double spent(const EnergyTerms& energy, Component component) {
  double sum = 0;
  for (const EnergyTerms::Term& term : energy.terms())
    if (term.component == component) sum += term.amount * term.each_pJ;
  return sum;
}

VisitGeneration generated(const CostContext& context, TilePlace place) {
  const LayerSetup setup = layer_setup(context, 0);
  return generate(setup, visit_of(setup, place, 0, 0));
}

// A column's share of U and of the basis is read where its kernels are formed, half of V always:
// 24 x 96 x 2 x 4 bits / 14, 24 x 2 x 9 x 4 bits / 14, 80 x 24 x 4 bits / 2.
TEST(VisitGeneration, ReadsWhatItSendsFromTheWeightBuffer) {
  CostInput input = input_of("electronic");
  input.memory.weight_buffer.word_bytes = 8;  // fine enough to tell
  const CostContext context(input);
  const auto read = [&](double bytes) {
    return memory::read_energy_pJ(input.memory.weight_buffer, context.weight_buffer, bytes);
  };
  const double u = 24 * 96 * 2 * 0.5 / 14, basis = 24 * 2 * 9 * 0.5 / 14, v = 80 * 24 * 0.5 / 2;
  EXPECT_GT(read(u + basis + v), read(u + v));
  EXPECT_DOUBLE_EQ(spent(generated(context, {0, 0, 3}).cost.energy, Component::weight_buffer),
                   read(u + basis + v));
  EXPECT_DOUBLE_EQ(spent(generated(context, {0, 1, 3}).cost.energy, Component::weight_buffer),
                   read(v));
}

// Stored kernels drive level 2 in every tile: 24 x 96 x 9 x 4 bits / 14.
TEST(VisitGeneration, ReadsStoredKernelsForEveryTile) {
  const CostInput input = stored_kernels();
  const CostContext context(input);
  const double basis = 24 * 96 * 9 * 0.5 / 14, v = 80 * 24 * 0.5 / 2;
  const double read =
      memory::read_energy_pJ(input.memory.weight_buffer, context.weight_buffer, basis + v);
  for (const int row : {0, 1})
    EXPECT_DOUBLE_EQ(spent(generated(context, {0, row, 3}).cost.energy, Component::weight_buffer),
                     read);
}

// The generator is told of the words as stored: Bc Bi k^2, and Bc Ci k^2 without level 1.
TEST(VisitGeneration, CountsTheBasisAsStored) {
  for (const bool stored : {false, true}) {
    const CostInput input = stored ? stored_kernels() : input_of("photonic");
    CostContext context(input);
    std::vector<std::int64_t> words;
    context.generation = [&](const GenerationWork& work) {
      words.push_back(work.basis_words);
      return GenerationCost{};
    };
    generated(context, {0, 0, 0});
    generated(context, {0, 1, 0});
    const std::int64_t share = stored ? (24 * 96 * 9 + 7) / 14 : (24 * 2 * 9 + 7) / 14;
    EXPECT_EQ(words, (std::vector<std::int64_t>{share, stored ? share : 0}));
  }
}

// 24 kernels x 64 columns of a byte are written once and read by both rows of tiles; 64 x 64 and
// 16 x 64 weights are written and read.
TEST(VisitGeneration, KernelsWaitInTheTileBufferUnlessTheyStayLight) {
  CostInput input = input_of("photonic");
  const CostContext context(input);
  const auto& buffer = input.memory.tile_buffer;
  const auto read = [&](double bytes) {
    return memory::read_energy_pJ(buffer, context.tile_buffer, bytes);
  };
  const auto write = [&](double bytes) {
    return memory::write_energy_pJ(buffer, context.tile_buffer, bytes);
  };
  const auto spent_by = [](const CostContext& on, int row) {
    return spent(generated(on, {0, row, 0}).cost.energy, Component::tile_buffer);
  };
  const double weights = write(4096) + read(4096), fewer = write(1024) + read(1024);
  EXPECT_NEAR(spent_by(context, 0), write(24 * 64) + read(24 * 64) + weights, 1e-9);
  EXPECT_NEAR(spent_by(context, 1), read(24 * 64) + fewer, 1e-9);
  CostInput light = input;
  auto& own = light.generator.own.get<PhotonicGenerator>();
  own.levels = PhotonicGenerator::Levels::analog;
  own.intra_replicas = 24;
  const CostContext analog(light);
  EXPECT_NEAR(spent_by(analog, 0), weights, 1e-9);
  EXPECT_NEAR(spent_by(analog, 1), fewer, 1e-9);
  // Nothing waits, so the second row of tiles forms the kernels again.
  EXPECT_TRUE(visit_of(layer_setup(analog, 0), {0, 1, 0}, 0, 0).forms_kernels);
  EXPECT_FALSE(visit_of(layer_setup(context, 0), {0, 1, 0}, 0, 0).forms_kernels);
}

// Words of the tile buffer are as wide as the ADCs that fill it: 12 bits take half as much again as
// the 8 of a setting.
TEST(VisitGeneration, FinerReadingsTakeWiderWords) {
  CostInput input = input_of("photonic");
  const auto bytes = [&](int bits) {
    input.generator.own.get<PhotonicGenerator>().bank.output_adc.bits = bits;
    const CostContext context(input);
    return generated(context, {0, 0, 0}).tile_bytes;
  };
  EXPECT_EQ(bytes(0), 4096);  // no converter's bits: those of a setting
  EXPECT_EQ(bytes(8), 4096);
  EXPECT_EQ(bytes(12), 4096 * 1.5);
}

// A look-up on the digital unit for each coefficient that is set, and an addition for its row's
// bias: U of a column, and 64 x 24 of V. The unit sets the core too, so the stage is the same.
TEST(VisitGeneration, SetPointsOfTheGeneratorAreTheDigitalUnitsWork) {
  const CostInput input = input_of("photonic");
  const CostContext context(input);
  const VisitGeneration found = generated(context, {0, 0, 0});
  const double words = 329 + 64 * 24;  // 24 x 96 x 2 / 14 = 329.1
  EXPECT_DOUBLE_EQ(spent(found.settings.energy, Component::decomposition),
                   2 * words * input.digital.operation_pJ);
  EXPECT_DOUBLE_EQ(found.settings.time.of(Stage::decompose),
                   2 * words / input.digital.operations_per_ns);
}

}  // namespace
}  // namespace lightloom::cosim

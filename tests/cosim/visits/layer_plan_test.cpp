#include "cosim/visits/layer_plan.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "cosim/network/network_plan.hpp"
#include "cosim/visits/map_placement.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

/// 96 channels in, 80 out, 3 x 3 on 14 x 14: 14 column tiles and 2 row tiles of 64 x 64.
CostInput one_planned_layer(WeightDelivery way) {
  CostInput input{.core = round_core()};
  const nn::LayerShape shape = conv(96, 80, 3, 14);
  input.layers = {way == WeightDelivery::regenerate ? multilevel_layer(shape, 2, 24, 4, 4, 4)
                                                    : reload_layer(shape, 8)};
  if (way == WeightDelivery::regenerate) input.generator.kind = "electronic";
  return input;
}

LayerPlan plan_of(const CostInput& input) {
  const CostContext context(input);
  std::vector<LayerSetup> setups{layer_setup(context, 0)};
  place_maps(setups);
  return plan_layer(setups[0]);
}

TEST(LayerPlan, BurstsOfTheVisitsAddUpToTheTrafficOfTheLayer) {
  for (const WeightDelivery way : {WeightDelivery::reload, WeightDelivery::regenerate})
    for (const Dataflow flow :
         {Dataflow::weight_stationary, Dataflow::output_stationary, Dataflow::input_stationary}) {
      CostInput input = one_planned_layer(way);
      input.schedule.dataflow = flow;
      input.schedule.block_vectors = 50;
      const LayerPlan plan = plan_of(input);
      const std::vector<VisitBursts> bursts = bursts_by_visit(plan);
      ASSERT_EQ(bursts.size(), plan.visits.size());
      VisitBursts sum;
      for (const VisitBursts& visit : bursts) {
        sum.weights += visit.weights;
        sum.inputs += visit.inputs;
        sum.outputs += visit.outputs;
      }
      const double atom = input.memory.dram.organization.atom_bytes();
      EXPECT_EQ(sum.weights * atom, plan.traffic.weight_bytes);
      EXPECT_EQ(sum.inputs * atom, plan.traffic.input_bytes);
      EXPECT_EQ(sum.outputs * atom, plan.traffic.output_bytes);
    }
}

// Every tile is programmed and driven whole, whatever part of it holds weights.
TEST(LayerPlan, EnergyOfTheCoreFollowsFromVisitsAndVectors) {
  CostInput input = one_planned_layer(WeightDelivery::reload);
  input.schedule.dataflow = Dataflow::output_stationary;
  input.schedule.block_vectors = 50;
  const LayerPlan plan = plan_of(input);
  const double tiles = 2 * 14, blocks = 4, vectors = 14 * 14;
  EXPECT_EQ(static_cast<double>(plan.visits.size()), tiles * blocks);
  EXPECT_NEAR(plan.energy_pJ[Component::programming], tiles * blocks * 4096 * 10, 1e-3);
  EXPECT_NEAR(plan.energy_pJ[Component::input_converters], tiles * vectors * 64 * 0.1, 1e-6);
  EXPECT_NEAR(plan.energy_pJ[Component::output_converters], tiles * vectors * 64, 1e-6);
  EXPECT_NEAR(plan.energy_pJ[Component::laser], tiles * vectors * 100, 1e-6);
  // Sums over the column tiles, of the 80 outputs that there are.
  EXPECT_NEAR(plan.energy_pJ[Component::accumulation], 13 * vectors * 80 * input.digital.add_pJ,
              1e-6);
}

TEST(LayerPlan, ColumnsComeFirstWherePartialSumsFitAndKernelsAreFormedOnce) {
  CostInput input = one_planned_layer(WeightDelivery::regenerate);
  const CostLayer& layer = input.layers[0];
  input.memory.activation_buffer.capacity_KB = 1024;
  const double intra = static_cast<double>(layer.work.intra_macs),
               cross = static_cast<double>(layer.work.cross_macs);
  const double rounded = 28;  // each of 28 visits rounds its share of both levels
  EXPECT_NEAR(static_cast<double>(plan_of(input).generation_macs), intra + cross, rounded);
  input.memory.activation_buffer.capacity_KB = 4;  // rows first,
  input.memory.tile_buffer.capacity_KB = 1;        // and no place for the kernels: again a row
  EXPECT_NEAR(static_cast<double>(plan_of(input).generation_macs), 2 * intra + cross, rounded);
}

TEST(LayerPlan, CopiesComputeButBringNoWeights) {
  CostInput input{.core = round_core()};
  input.layers = {reload_layer(conv(16, 16, 1, 14), 8)};
  const LayerPlan alone = plan_of(input);
  input.schedule.cores = 3;
  const LayerPlan copied = plan_of(input);
  EXPECT_EQ(copied.replicas, 3);
  ASSERT_EQ(copied.visits.size(), 3 * alone.visits.size());
  EXPECT_EQ(copied.traffic.weight_bytes, alone.traffic.weight_bytes);
  const std::vector<VisitBursts> bursts = bursts_by_visit(copied);
  EXPECT_EQ(bursts[1].weights + bursts[2].weights, 0);
  EXPECT_DOUBLE_EQ(copied.energy_pJ[Component::programming],
                   3 * alone.energy_pJ[Component::programming]);
  EXPECT_NEAR(copied.energy_pJ[Component::output_converters],
              alone.energy_pJ[Component::output_converters], 1e-6);
}

TEST(LayerPlan, LightThatDrivesTheCoreLeavesNoWeightsInTheTileBufferAndStaysOn) {
  CostInput input = one_planned_layer(WeightDelivery::regenerate);
  input.generator.kind = "photonic";
  const LayerPlan digital = plan_of(input);
  input.generator.handover = Handover::analog;
  const LayerPlan analog = plan_of(input);
  // Only kernels of level 1 wait there now.
  EXPECT_GT(analog.energy_pJ[Component::tile_buffer], 0);
  EXPECT_LT(analog.energy_pJ[Component::tile_buffer], digital.energy_pJ[Component::tile_buffer]);
  EXPECT_EQ(analog.regenerated_tile_bytes, 0);
  EXPECT_GT(analog.energy_pJ[Component::generator_laser],
            digital.energy_pJ[Component::generator_laser]);
  for (std::size_t i = 0; i < analog.visits.size(); ++i) {
    EXPECT_GT(analog.visit(i).tile[Stage::program], digital.visit(i).tile[Stage::program]);
  }
}

/// Of every visit by itself, in order of execution: what its class says of all that are alike.
std::vector<VisitClass> one_by_one(const LayerSetup& setup) {
  const LayerMeters meters(setup);
  const LayerMapping& m = setup.mapping;
  std::vector<VisitClass> all;
  for (std::int64_t block = 0; block < setup.blocks; ++block)
    for (int group = 0; group < m.group_tiles; ++group)
      for (int a = 0; a < m.row_tiles * m.column_tiles; ++a)
        for (int replica = 0; replica < setup.replicas; ++replica) {
          const TilePlace tile = setup.column_outer
                                     ? TilePlace{group, a % m.row_tiles, a / m.row_tiles}
                                     : TilePlace{group, a / m.column_tiles, a % m.column_tiles};
          all.push_back(visit_class(setup, visit_of(setup, tile, block, replica), meters));
        }
  return all;
}

void expect_like_one_by_one(const CostInput& input) {
  const CostContext context(input);
  std::vector<LayerSetup> setups{layer_setup(context, 0)};
  place_maps(setups);
  const LayerPlan plan = plan_layer(setups[0]);
  const std::vector<VisitClass> visits = one_by_one(setups[0]);
  ASSERT_EQ(plan.visits.size(), visits.size());
  Energies energy_pJ;
  std::int64_t macs = 0;
  double most = 0;
  for (std::size_t k = 0; k < visits.size(); ++k) {
    EXPECT_EQ(plan.visit(k).tile, visits[k].tile) << k;
    EXPECT_EQ(plan.visit(k).stream, visits[k].stream) << k;
    for (const EnergyTerms::Term& term : visits[k].energies)
      energy_pJ[term.component] += term.amount * term.each_pJ;
    macs += visits[k].generation_macs;
    most = std::max(most, visits[k].needs.activation_buffer);
  }
  energy_pJ[Component::dram_transfer] = plan.energy_pJ[Component::dram_transfer];  // of bursts
  energy_pJ[Component::dram_activate] = plan.energy_pJ[Component::dram_activate];
  for (const Component c : all_of_enum<Component>())
    EXPECT_DOUBLE_EQ(plan.energy_pJ[c], energy_pJ[c]) << component_name(c);
  EXPECT_EQ(plan.generation_macs, macs);
  EXPECT_EQ(plan.needs.activation_buffer, most);
}

// Edges of three axes, whole and shared tiles, copies, blocks, both ways, three dataflows.
TEST(LayerPlan, VisitsThatAreTakenForAlikeAreSo) {
  std::vector<nn::LayerShape> shapes{conv(96, 80, 3, 14), conv(7, 5, 3, 9), conv(150, 150, 1, 6)};
  shapes.push_back(conv(96, 96, 3, 7));
  shapes.back().groups = 96;
  shapes.push_back(conv(3 * 70, 3 * 70, 1, 7));
  shapes.back().groups = 3;
  for (const nn::LayerShape& shape : shapes)
    for (const Dataflow flow :
         {Dataflow::weight_stationary, Dataflow::output_stationary, Dataflow::input_stationary})
      for (const double buffer_KB : {4.0, 4096.0}) {
        CostInput input{.layers = {reload_layer(shape, 8)}, .core = round_core()};
        input.schedule.dataflow = flow;
        input.schedule.block_vectors = 17;
        input.schedule.cores = 5;
        input.memory.activation_buffer.capacity_KB = buffer_KB;
        expect_like_one_by_one(input);
        if (shape.groups > 1) continue;
        input.layers = {multilevel_layer(shape, 2, 3, 4, 4, 4)};
        for (const char* generator : {"electronic", "photonic"}) {
          input.generator.kind = generator;
          input.memory.tile_buffer.capacity_KB = buffer_KB / 4;
          expect_like_one_by_one(input);
        }
      }
}

TEST(LayerPlan, TooManyVisitsAreRefusedWithTheirNumber) {
  CostInput input = one_planned_layer(WeightDelivery::reload);
  input.schedule.dataflow = Dataflow::output_stationary;
  input.schedule.block_vectors = 1;
  input.batch = 911;  // 911 * 196 blocks of 28 tiles: 4,999,568
  const CostContext fits(input);
  EXPECT_NO_THROW(layer_setup(fits, 0));
  input.batch = 912;
  const CostContext beyond(input);
  EXPECT_THROW(layer_setup(beyond, 0), Error);
}

TEST(NetworkPlan, TheVeryFirstFetchFindsItsBankClosed) {
  const CostInput input = one_planned_layer(WeightDelivery::reload);
  const CostContext context(input);
  LayerPlans plans(input);
  NetworkPlan plan = plan_network(context, plans);
  EXPECT_TRUE(plan.schedule.tiles.empty());  // nobody has asked
  fill_schedule(plan);
  const memory::DramCard& dram = input.memory.dram;
  const double wait_ns =
      (dram.timing.rcd_read + dram.timing.cl + dram.controller.pipeline_cycles) * dram.clock_ns;
  EXPECT_DOUBLE_EQ(plan.schedule.tiles[0][Stage::fetch_weights],
                   plan.layers[0]->visit(0).tile[Stage::fetch_weights] + wait_ns);
  for (const Stage stage : all_of_enum<Stage>()) {
    if (stage == Stage::fetch_weights) continue;
    EXPECT_EQ(plan.schedule.tiles[0][stage], plan.layers[0]->visit(0).tile[stage]);
  }
}

}  // namespace
}  // namespace lightloom::cosim

// The training step of a reversible branch beside a frozen network.
#include "cosim/training/branch_step.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "cosim/training/chain_step.hpp"
#include "cosim/training/step_memory.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim::branch_step_tests {
namespace {

constexpr int batch = 3;

photonic::CoreDescription small_core() {
  photonic::CoreDescription core{.kind = "small", .rows = 8, .columns = 9};
  core.cost.symbol_rate_GHz = 2;
  return core;
}

nn::BranchShape branch_of(int blocks) {
  return {.blocks = blocks,
          .channels = 8,
          .size = 4,
          .classes = 5,
          .taps = {{.layers = 1, .channels = 6}, {.layers = 2, .channels = 10}}};
}

const std::vector<nn::LayerShape>& backbone() {
  static const std::vector<nn::LayerShape> layers{conv(3, 6, 3, 8), conv(6, 10, 3, 8),
                                                  conv(10, 20, 3, 8)};
  return layers;
}

TrainingStepCard step_card() {
  TrainingStepCard card{.batch = batch};
  card.buffer.capacity_KB = 512;
  return card;
}

StepPlan plan_of(int blocks, nn::BranchKeeps keeps, StepOrder order = StepOrder::tiles) {
  static const photonic::CoreDescription core = small_core();
  TrainingStepCard card = step_card();
  card.order = order;
  const nn::BranchShape shape = branch_of(blocks);
  return branch_step({.core = core, .programming = {}, .cores = 1}, {shape, backbone()}, keeps,
                     card);
}

double all_macs(const StepPlan& plan) {
  return plan.macs(StepPhase::forward) + plan.macs(StepPhase::recompute) +
         plan.macs(StepPhase::backward);
}

// Four 3x3 convolutions a block: forward once, backward twice, recomputed once more: 4 for 3.
TEST(BranchStep, RecomputingTakesFourThirdsOfTheProductsOfBlocks) {
  for (const int blocks : {2, 4, 9}) {
    const StepPlan plain = plan_of(blocks, nn::BranchKeeps::everything),
                   reversible = plan_of(blocks, nn::BranchKeeps::last_pair);
    EXPECT_EQ(plain.macs(StepPhase::recompute), 0);
    EXPECT_EQ(reversible.macs(StepPhase::forward), plain.macs(StepPhase::forward));
    EXPECT_EQ(reversible.macs(StepPhase::backward), plain.macs(StepPhase::backward));
    const double block = batch * 4.0 * 8 * 8 * 9 * 16;
    double connections = 0;
    for (int i = 0; i < blocks; ++i) connections += batch * 16.0 * 8 * (2 * i < blocks ? 6 : 10);
    EXPECT_EQ(reversible.macs(StepPhase::recompute), blocks * block + connections);
    // The stem's and head's own products and the backbone's are neither's.
    const double others = batch * (8.0 * 8 * 9 * 3 * 6 + 8 * 8 * 9 * 6 * 10) +
                          2 * 2 * batch * 16.0 * 9 * 6 * 8 + 3 * batch * 16.0 * 5;
    const double of_blocks = all_macs(plain) - others - 2 * connections;
    EXPECT_EQ(of_blocks, 3 * blocks * block);
    EXPECT_NEAR((all_macs(reversible) - others - 3 * connections) / of_blocks, 4.0 / 3, 1e-12);
  }
}

// The acceptance of the section: the peak of activations does not know how deep the branch is, and
// grows by four maps a block where they are kept.
TEST(BranchStep, PeakIsIndependentOfDepthOrGrowsByFourMapsABlock) {
  const double half = batch * 16.0 * 8;
  const double shallow = peak_bytes(plan_of(2, nn::BranchKeeps::last_pair));
  for (const int blocks : {3, 8, 40})
    EXPECT_EQ(peak_bytes(plan_of(blocks, nn::BranchKeeps::last_pair)), shallow) << blocks;
  const auto kept = [](int blocks) {
    return peak_bytes(plan_of(blocks, nn::BranchKeeps::everything));
  };
  EXPECT_EQ(kept(41) - kept(40), 4 * half);
  EXPECT_EQ(kept(80) - kept(40), 40 * 4 * half);
}

double longest(const StepPlan& plan) {
  double life = 0;
  for (const memory::StoredTensor& tile :
       step_tiles(plan, step_times(plan, {.bytes = 1e9, .dram_GBps = 1e9})))
    life = std::max(life, tile.lifetime_ns());
  return life;
}

// So does the longest life: a block's products, not the whole step.
TEST(BranchStep, LongestLifeIsIndependentOfDepthWhereNothingIsKept) {
  for (const StepOrder order : {StepOrder::images, StepOrder::tiles}) {
    const auto life = [&](int blocks, nn::BranchKeeps keeps) {
      return longest(plan_of(blocks, keeps, order));
    };
    EXPECT_NEAR(life(40, nn::BranchKeeps::last_pair), life(4, nn::BranchKeeps::last_pair), 1e-6);
    EXPECT_GT(life(40, nn::BranchKeeps::everything), 9 * life(4, nn::BranchKeeps::everything));
    EXPECT_LT(life(40, nn::BranchKeeps::last_pair), life(40, nn::BranchKeeps::everything) / 9);
  }
}

// A retention between the two lives tells the branches apart: no refresh against some.
TEST(BranchStep, OneCellNeedsRefreshesForThePlainBranchAlone) {
  TrainingStepCard card = step_card();
  const StepPlan plain = plan_of(12, nn::BranchKeeps::everything),
                 reversible = plan_of(12, nn::BranchKeeps::last_pair);
  card.buffer.retention_us = 1.01e-3 * longest(reversible);
  const DramBehind dram{.GBps = 1e9, .pJ_per_byte = 1};
  EXPECT_EQ(step_memory(reversible, card, dram).edram.refresh_pJ, 0);
  EXPECT_GT(step_memory(plain, card, dram).edram.refresh_pJ, 0);
}

// Pooled maps lie in DRAM whatever room there is: written once, read by the stem four times (both
// halves, forward and backward) and by each connection twice, or three times.
TEST(BranchStep, PooledMapsPassTheDram) {
  const double first = batch * 16.0 * 6, second = batch * 16.0 * 10;
  const auto dram = [&](nn::BranchKeeps keeps) {
    return step_times(plan_of(4, keeps), {.bytes = 1e9, .dram_GBps = 10}).dram_bytes;
  };
  EXPECT_NEAR(dram(nn::BranchKeeps::everything), first * (1 + 4 + 2 * 2) + second * (1 + 2 * 2),
              1e-6);
  EXPECT_NEAR(dram(nn::BranchKeeps::last_pair), first * (1 + 4 + 3 * 2) + second * (1 + 3 * 2),
              1e-6);
}

}  // namespace
}  // namespace lightloom::cosim::branch_step_tests

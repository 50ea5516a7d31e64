// Energy of a weight generator and of the buffers around it, component by component, by hand.
#include <gtest/gtest.h>

#include "tests/cosim/by_hand/hand_generation.hpp"

namespace lightloom::cosim {
namespace {

std::vector<HandGeneration> on_both_kinds() {
  std::vector<HandGeneration> cases = hand_generations(electronic_card());
  for (HandGeneration& one : hand_generations(card_of(hand_generator())))
    cases.push_back(std::move(one));
  return cases;
}

/// Sum of `each(visit)` over the visits of a layer whose kernels wait in the tile buffer.
template <class Each>
double over_visits(const CostInput& input, Each each) {
  double sum = 0;
  for (const HandVisit& visit : hand_visits(hand_layer(input), HandKernels::wait))
    sum += each(visit);
  return sum;
}

void expect_component(const HandGeneration& on, Component component, double by_hand) {
  EXPECT_NEAR(simulate_cost(on.input).energy_pJ[component], by_hand, 1e-9 * by_hand)
      << on.name << ", " << component_name(component);
}

TEST(GeneratorByHand, MultipliesBothLevelsAndKeepsKernelsOverRowsAndBlocks) {
  for (const HandGeneration& on : hand_generations(electronic_card())) {
    const double macs = over_visits(on.input, [](const HandVisit& visit) { return visit.macs(); });
    expect_component(on, Component::generator, macs * 0.21);
    EXPECT_EQ(simulate_cost(on.input).layers[0].generation_macs, std::llround(macs)) << on.name;
  }
}

TEST(GeneratorByHand, CoefficientsPassTheWeightBuffer) {
  for (const HandGeneration& on : on_both_kinds()) {
    const memory::BufferCard& buffer = on.input.memory.weight_buffer;
    const double by_hand = over_visits(on.input, [&](const HandVisit& visit) {
      return hand_words(visit.fetched_bytes(), buffer) * 3 +
             hand_words(visit.sent_bytes(), buffer) * 2;
    });
    expect_component(on, Component::weight_buffer, by_hand);
  }
}

// Kernels are written once and read by every row of tiles; weights are written and read. Words are
// as wide as a setting of 6 bits, or as an ADC of 8.
TEST(GeneratorByHand, KernelsAndWeightsPassTheTileBuffer) {
  for (const HandGeneration& on : on_both_kinds()) {
    const double word = on.input.generator.kind == "photonic" ? 1 : 0.75;
    const double by_hand = over_visits(on.input, [&](const HandVisit& visit) {
      const double kernels = std::ceil(5 * visit.tile.columns * word),
                   weights = std::ceil(visit.tile.rows * visit.tile.columns * word);
      return (visit.forms ? kernels * 0.6 : 0) + kernels * 0.5 + weights * (0.6 + 0.5);
    });
    expect_component(on, Component::tile_buffer, by_hand);
  }
}

TEST(GeneratorByHand, RegeneratedWeightsAreTurnedIntoSettingsAtEveryVisit) {
  for (HandGeneration& on : hand_generations(electronic_card())) {
    on.input.core.cost.decompose_operations = 250;
    expect_component(on, Component::decomposition, hand_layer(on.input).visits() * 250 * 2);
  }
  // A photonic one sets itself too: a look-up a coefficient and an addition to its row's bias.
  for (const HandGeneration& on : hand_generations(card_of(hand_generator()))) {
    const double coefficients = over_visits(on.input, [](const HandVisit& visit) {
      return visit.tile.rows * 5 + (visit.forms ? hand_u / 5 : 0);
    });
    expect_component(on, Component::decomposition, coefficients * 2 * 2);
  }
}

TEST(GeneratorByHand, ConvertersWriteWhatIsSetAndSendAndReadEveryShot) {
  const double input = 3 + 0.1, output = 5 + 4 / 2.0;  // 100 fJ a modulator; 4 mW at 2 GHz
  for (const HandGeneration& on : hand_generations(card_of(hand_generator()))) {
    const double by_hand = over_visits(on.input, [&](const HandVisit& visit) {
      const HandBanks banks = hand_banks(visit);
      return banks.words * 7 + banks.intra_shots * (2 * input + 4 * output) +
             banks.cross_shots * (6 * input + 8 * output);
    });
    expect_component(on, Component::generator_converters, by_hand);
  }
}

constexpr double lit_mW = 90 + 2.0 / 4 * (3 * 8 + 2 * 48);  // laser, a quarter of pi in every ring

TEST(GeneratorByHand, LightAndHeldRingsFlowWhileItWorks) {
  for (const HandGeneration& on : hand_generations(card_of(hand_generator())))
    expect_component(on, Component::generator_laser,
                     lit_mW * over_visits(on.input, hand_generation_ns));
}

// Light that sets the core stays on for every symbol of the visit, in both passes of signed inputs;
// weights have no ADC and do not wait.
TEST(GeneratorByHand, LightThatSetsTheCoreStaysOnForBothPasses) {
  for (const HandGeneration& on : hand_generations(card_of(hand_generator(), Handover::analog))) {
    const HandLayer layer = hand_layer(on.input);
    const double symbols_ns =
        static_cast<double>(layer.tiles.size()) * layer.vectors * layer.passes / 2;
    expect_component(on, Component::generator_laser,
                     lit_mW * (over_visits(on.input, hand_generation_ns) + symbols_ns));
    const double by_hand = over_visits(on.input, [&](const HandVisit& visit) {
      const HandBanks banks = hand_banks(visit);
      return banks.words * 7 + banks.intra_shots * (2 * 3.1 + 4 * 7.0) +
             banks.cross_shots * (6 * 3.1 + 8 * 2.0);
    });
    expect_component(on, Component::generator_converters, by_hand);
  }
}

// Levels that are joined by light keep no kernels: every visit of every block forms its own, from
// all of level 1 that a column needs, as long as level 2 takes.
TEST(GeneratorByHand, KernelsThatStayLightAreFormedInEveryVisit) {
  PhotonicGenerator g = hand_generator();
  g.levels = PhotonicGenerator::Levels::analog;
  g.intra_replicas = 5;
  for (const HandGeneration& on : hand_generations(card_of(g))) {
    const HandLayer layer = hand_layer(on.input);
    double macs = 0, conversion_pJ = 0, read_words = 0;
    for (const HandVisit& visit : hand_visits(layer, HandKernels::formed_anew)) {
      const double cross_shots = visit.tile.columns * std::ceil(visit.tile.rows / 8);
      macs += visit.macs();
      conversion_pJ += hand_banks(visit).words * 7 +
                       std::ceil(cross_shots / 2) * 5 * (2 * 3.1 + 4 * 2.0) +
                       cross_shots * (6 * 0.1 + 8 * 7.0);
      read_words += hand_words(visit.sent_bytes(), on.input.memory.weight_buffer);
    }
    EXPECT_EQ(simulate_cost(on.input).layers[0].generation_macs, std::llround(macs)) << on.name;
    expect_component(on, Component::generator_converters, conversion_pJ);
    double written = 0;
    for (const HandVisit& visit : hand_visits(layer, HandKernels::wait))
      written += hand_words(visit.fetched_bytes(), on.input.memory.weight_buffer);
    expect_component(on, Component::weight_buffer, written * 3 + read_words * 2);
  }
}

// 5 kernels of 90 columns and 6 bits are 337.5 bytes. Half of the tile buffer is theirs: a buffer
// of 675 bytes keeps them over the rows of tiles and over the blocks, a byte less does not.
TEST(GeneratorByHand, KernelsWaitWhereHalfTheTileBufferHoldsThemAll) {
  for (const Dataflow flow : {Dataflow::output_stationary, Dataflow::input_stationary})
    for (const bool fits : {true, false}) {
      CostInput input = hand_generations(electronic_card()).front().input;
      input.schedule.dataflow = flow;
      input.memory.tile_buffer.capacity_KB = (fits ? 675 : 674) / 1024.0;
      // Column by column those of the column in hand wait all the same, but not until the next
      // block.
      const bool by_columns = flow == Dataflow::input_stationary;
      const double formed = fits ? 5 : 5 * 2 * (by_columns ? 1 : 2);
      const double macs = 2 * 30 * 90 * 5 + formed * hand_basis * 10 / 5;  // two blocks
      EXPECT_EQ(simulate_cost(input).layers[0].generation_macs, std::llround(macs))
          << static_cast<int>(flow) << fits;
    }
}

TEST(GeneratorByHand, StaticPowerOfBothUnitsFlowsAllTheTime) {
  for (const HandGeneration& on : on_both_kinds()) {
    const double mW = on.input.generator.kind == "photonic" ? 17 + 6.5 : 17;
    expect_component(on, Component::generator_static, simulate_cost(on.input).time_ns * mW);
  }
}

// Twice the rate at three times the energy: light flows for half the time at three times the power.
TEST(GeneratorByHand, ScalesOfRateAndEnergyActOnItsWork) {
  CostInput input = hand_generations(card_of(hand_generator())).front().input;
  const Energies before = simulate_cost(input).energy_pJ;
  input.generator.rate_scale = 2;
  input.generator.energy_scale = 3;
  const Energies after = simulate_cost(input).energy_pJ;
  EXPECT_NEAR(after[Component::generator_converters], 3 * before[Component::generator_converters],
              1e-6);
  EXPECT_NEAR(after[Component::generator_laser], 1.5 * before[Component::generator_laser], 1e-6);
}

// Sums of 36 vectors and 30 rows of 4 bytes are 4320 bytes. Where half of the activation buffer
// holds them, columns come first, and kernels that do not all fit wait for the rows of their
// column.
TEST(GeneratorByHand, ColumnsComeFirstWhereHalfTheActivationBufferHoldsTheSums) {
  for (const bool fits : {true, false}) {
    CostInput input = hand_generations(electronic_card()).front().input;
    input.memory.tile_buffer.capacity_KB = 674 / 1024.0;
    input.memory.activation_buffer.capacity_KB = (fits ? 8640 : 8639) / 1024.0;
    const double macs = 30 * 90 * 5 + (fits ? 5 : 10) * hand_basis * 10 / 5;
    EXPECT_EQ(simulate_cost(input).layers[0].generation_macs, std::llround(macs)) << fits;
  }
}

// 900 shifts, 1800 additions and 450 look-ups a layer of ten tiles.
TEST(GeneratorByHand, ShiftsAdditionsAndLookUpsHaveEnergiesOfTheirOwn) {
  CostInput input = hand_generations(electronic_card()).front().input;
  input.generator.electronic = {.shift_adds_per_ns = 3,
                                .lookups_per_ns = 2,
                                .add_pJ = 0.04,
                                .shift_pJ = 0.05,
                                .lookup_pJ = 0.7};
  CostLayer& layer = input.layers[0];
  layer.factors.reset();
  layer.work = {.shifts = 2700, .adds = 5400, .lookups = 1350};  // 1, 2 and 1/2 of each weight
  const CostReport report = simulate_cost(input);
  EXPECT_NEAR(report.energy_pJ[Component::generator], 2700 * 0.05 + 5400 * 0.04 + 1350 * 0.7, 1e-9);
  // Shifts and additions at once.
  EXPECT_NEAR(hand_stage(report, Stage::generate).busy_ns, 5400 / 3.0 + 1350 / 2.0, 1e-9);
}

// Products of 12 bits take (12/8)^2 units of 8 bits, sums and shifts of 16 bits two; look-ups one.
TEST(GeneratorByHand, WiderWordsTakeTheirBytes) {
  CostInput input = hand_generations(electronic_card()).front().input;
  input.generator.electronic = {.macs_per_ns = 5,
                                .shift_adds_per_ns = 3,
                                .lookups_per_ns = 2,
                                .mac_pJ = 0.3,
                                .add_pJ = 0.04,
                                .shift_pJ = 0.05,
                                .lookup_pJ = 0.7};
  CostLayer& layer = input.layers[0];
  layer.factors.reset();
  layer.work = {.cross_macs = 2700,
                .shifts = 2700,
                .adds = 5400,
                .lookups = 1350,
                .mac_bits = 12,
                .sum_bits = 16};
  const CostReport report = simulate_cost(input);
  EXPECT_NEAR(report.energy_pJ[Component::generator],
              2700 * 0.3 * 2.25 + 2 * (2700 * 0.05 + 5400 * 0.04) + 1350 * 0.7, 1e-9);
  EXPECT_NEAR(hand_stage(report, Stage::generate).busy_ns,
              2.25 * 2700 / 5.0 + 2 * 5400 / 3.0 + 1350 / 2.0, 1e-9);
}

// Words that no published ratio counts (a scale of 32 bits) are not set through the lanes.
TEST(GeneratorByHand, OnlyCoefficientsGoThroughTheLanes) {
  CostInput input = hand_generations(card_of(hand_generator())).front().input;
  const CostReport before = simulate_cost(input);
  input.layers[0].streams.push_back({.name = "scale", .count = 1, .bits = 32, .in_ratio = false});
  const CostReport after = simulate_cost(input);
  EXPECT_NEAR(hand_stage(after, Stage::generate).busy_ns,
              hand_stage(before, Stage::generate).busy_ns, 1e-9);
}

// What has no factors is no light, even where light could set the core: shifts and look-ups leave
// their weights in the tile buffer, in words of a setting's 6 bits, as no ADC fills it.
TEST(GeneratorByHand, WeightsWithoutFactorsAreDigitsWhateverTheHandOver) {
  CostInput input = hand_generations(card_of(hand_generator(), Handover::analog)).front().input;
  input.layers[0].factors.reset();
  input.layers[0].work = {.shifts = 2700};
  const CostReport report = simulate_cost(input);
  double by_hand = 0;
  for (const HandTile& tile : hand_layer(input).tiles)
    by_hand += std::ceil(tile.rows * tile.columns * 0.75) * (0.6 + 0.5);
  EXPECT_NEAR(report.energy_pJ[Component::tile_buffer], by_hand, 1e-9);
  EXPECT_EQ(report.energy_pJ[Component::generator_laser], 0);
  EXPECT_GT(hand_stage(report, Stage::generate).busy_ns, 0);
}

}  // namespace
}  // namespace lightloom::cosim

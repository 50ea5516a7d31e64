// Time and energy of cores that send inputs in bits, read in phases or are paid by the product, by
// hand.
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/cosim/by_hand/hand_card.hpp"
#include "tests/cosim/by_hand/hand_layer.hpp"

namespace lightloom::cosim {
namespace {

using photonic::InputSending;
using photonic::ReadPhases;
using photonic::Utilisation;

/// Seven symbols and seven conversions a read phase, and a table of energies and a time.
CostInput scheme_card(CostInput input, ReadPhases phases, Utilisation utilisation) {
  input.core.reads = {InputSending::bit_serial, phases};
  input.core.input_dac.bits = 7;
  input.core.cost.symbols = input.core.cost.conversions = 7;
  input.core.cost.phase_energy_pJ = 40;
  input.core.cost.product_energy_pJ = 9;
  input.core.cost.product_ns = 3;
  input.core.cost.utilisation = utilisation;
  return input;
}

/// Phases of an input vector, from docs/models/photonic/cores.md.
double hand_phases(ReadPhases phases, bool signed_inputs) {
  if (phases == ReadPhases::automatic) return signed_inputs ? 2 : 1;
  return phases == ReadPhases::four ? 4 : 2;
}

TEST(ReadSchemesByHand, SymbolsConversionsAndPhasesArePaidAndTakeTheirTime) {
  for (const HandCase& one : hand_cases())
    for (const ReadPhases phases : {ReadPhases::automatic, ReadPhases::two, ReadPhases::four})
      for (const Utilisation utilisation : {Utilisation::whole, Utilisation::used}) {
        const CostInput input = scheme_card(one.input, phases, utilisation);
        const HandLayer layer = hand_layer(input);
        const double count = hand_phases(phases, input.layers[0].signed_inputs);
        const double products = static_cast<double>(layer.tiles.size()) * layer.vectors;
        const CostReport report = simulate_cost(input);
        const auto expect = [&](Component component, double by_hand) {
          EXPECT_NEAR(report.energy_pJ[component], by_hand, 1e-9 * by_hand)
              << one.name << ' ' << component_name(component);
        };
        expect(Component::input_converters, products * count * 7 * 20 * 0.3);
        double share = 0;  // of the array that its products use, all tiles
        for (const HandTile& tile : layer.tiles)
          share += utilisation == Utilisation::used ? tile.rows * tile.columns / (24 * 20) : 1;
        expect(Component::output_converters,
               products * count * 7 * 24 * 1.1 + layer.vectors * share * (count * 40 + 9));
        expect(Component::laser, products * (count * 7 / 2 + 3) * 90);
        expect(Component::accumulation, layer.outputs * (layer.column_tiles * count * 7 - 1) * 0.1);
      }
}

TEST(ReadSchemesByHand, EveryConversionOfEverySliceAndReadingIsAddedUp) {
  for (const HandCase& one : hand_cases()) {
    CostInput input = scheme_card(one.input, ReadPhases::four, Utilisation::whole);
    input.core.slices = 3;
    input.core.readings = 2;
    const HandLayer layer = hand_layer(input);
    const double by_hand = layer.outputs * (layer.column_tiles * 4 * 7 * 3 * 2 - 1) * 0.1;
    EXPECT_NEAR(simulate_cost(input).energy_pJ[Component::accumulation], by_hand, 1e-9 * by_hand)
        << one.name;
  }
}

TEST(ReadSchemesByHand, ALayerIsNoFasterThanItsReadsAndTheRoofKnowsThem) {
  CostInput input = scheme_card(hand_cases().front().input, ReadPhases::four, Utilisation::whole);
  const HandLayer layer = hand_layer(input);
  const CostReport report = simulate_cost(input);
  const double read_ns = 4 * 7 / 2.0 + 3;
  EXPECT_GE(report.time_ns,
            static_cast<double>(layer.tiles.size()) * layer.vectors * read_ns * (1 - 1e-12));
  EXPECT_NEAR(photonic::peak_macs_per_ns(input.core), 24 * 20 / read_ns, 1e-12);
  EXPECT_LE(report.layers[0].attained_macs_per_ns, 24 * 20 / read_ns);
}

TEST(ReadSchemesByHand, NegativeInputsThatOneReadCannotTakeAreRefused) {
  CostInput input = scheme_card(hand_cases().front().input, ReadPhases::one, Utilisation::whole);
  input.layers[0].signed_inputs = false;
  EXPECT_NO_THROW(simulate_cost(input));
  input.layers[0].signed_inputs = true;
  EXPECT_THROW(simulate_cost(input), Error);
  input.core.coding = photonic::InputCoding::field;
  EXPECT_NO_THROW(simulate_cost(input));
}

}  // namespace
}  // namespace lightloom::cosim

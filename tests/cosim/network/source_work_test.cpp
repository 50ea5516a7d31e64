// What sources that make weights of seeds and codes cost on a generator, electronic or of light.
#include <gtest/gtest.h>

#include "core/cards/tree.hpp"
#include "nn/weights/source_card.hpp"
#include "tests/cosim/by_hand/hand_generation.hpp"
#include "tests/cosim/by_hand/hand_layer.hpp"

namespace lightloom::cosim {
namespace {

struct WorkCase {
  const char* card;
  nn::RegenerationWork work;  // of 24 outputs of 16 inputs and 3x3 kernels, 3456 weights: 108 words
};

// Each operation has its price, by the bits of its numbers, and nothing of it is light: a photonic
// generator's electronic unit does it. Parts of tiles are whole operations.
TEST(SourceWork, IsChargedByTheOperationOnEveryGenerator) {
  const std::vector<WorkCase> cases{
      {"{source: supermask}", {.shifts = 108 * 11, .adds = 108 * 16, .sum_bits = 32}},
      {"{source: subbit}", {.lookups = 384}},
      {"{source: xor}", {.adds = 432}},
      // 14 blocks of 256 and signs of 16 families of 8 words of two halves
      {"{source: subspace}",
       {.shifts = 16 * 16 * 11, .adds = 14 * 2 * 8 * 256 + 16 * 16 * 15, .sum_bits = 16}},
      {"{source: blend}", {.shifts = 40 * 11, .adds = 40 * 15, .lookups = 40, .sum_bits = 32}},
      {"{source: trellis, bits: 2}", {.cross_macs = 3456, .adds = 3 * 3456, .mac_bits = 32}}};
  for (const auto& [text, work] : cases)
    for (const GeneratorCard& generator : {electronic_card(), card_of(hand_generator())}) {
      const nn::LayerShape shape = conv(16, 24, 3, 4);
      const auto source = nn::make_source(read_card<nn::SourceCard>(parse_yaml(text, "t")), shape);
      CostInput input = hand_card();
      input.generator = generator;
      input.generator.electronic.mac_pJ = 0.3;
      input.generator.electronic.add_pJ = 0.04;
      input.generator.electronic.shift_pJ = 0.05;
      input.generator.electronic.lookup_pJ = 0.7;
      input.layers = {source_layer(shape, *source)};
      EXPECT_EQ(input.layers[0].work, work) << text;
      const CostReport report = simulate_cost(input);
      const double visits = static_cast<double>(report.layers[0].visits);
      const auto shifts = static_cast<double>(work.shifts), adds = static_cast<double>(work.adds),
                 lookups = static_cast<double>(work.lookups),
                 macs = static_cast<double>(work.cross_macs);
      const double wide = work.sum_bits / 8.0, area = work.mac_bits * work.mac_bits / 64.0;
      EXPECT_NEAR(report.energy_pJ[Component::generator],
                  wide * (0.05 * shifts + 0.04 * adds) + 0.7 * lookups + area * 0.3 * macs,
                  visits * (wide * (0.05 + 0.04) + 0.7 + area * 0.3) / 2)
          << text << " " << generator.kind;
      std::int64_t bits = 0;
      for (const nn::StoredStream& stream : source->streams()) bits += stream.count * stream.bits;
      EXPECT_EQ(report.traffic.weight_bytes, 64 * hand_bursts(static_cast<double>(bits) / 8))
          << text;
    }
}

}  // namespace
}  // namespace lightloom::cosim

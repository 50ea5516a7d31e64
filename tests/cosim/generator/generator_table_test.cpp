#include "cosim/generator/generator_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.hpp"
#include "cosim/cost/cost_simulation.hpp"
#include "cosim/cost/way_choice.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

/// A generator of code outside the library: a table in flash that is read word by word.
struct FlashTable {
  double words_per_ns = 2;
};

GeneratorEntry flash_generator() {
  return {.name = "flash",
          .describe =
              [](Section& section, GeneratorCard& card) {
                section.section("flash", [&](Section& inner) {
                  inner.value("words_per_ns", card.own.get<FlashTable>().words_per_ns, positive);
                });
              },
          .cost =
              [](const GeneratorCard& card) {
                return
                    [rate = card.own.get<FlashTable>().words_per_ns](const GenerationWork& work) {
                      const double words = static_cast<double>(work.weights);
                      return GenerationCost{.time_ns = words / rate, .arithmetic_pJ = 3 * words};
                    };
              },
          .figures =
              [](const GeneratorCard&) {
                return GeneratorFigures{7, 11};
              }};
}

/// Registered once a process, whichever test comes first.
void register_flash() {
  static const bool done = (register_generator(flash_generator()), true);
  EXPECT_TRUE(done);
}

TEST(GeneratorTable, AGeneratorOfOthersIsReadFromCardsAndCostsWhatItSays) {
  register_flash();
  const auto card = read_card<GeneratorCard>(
      parse_yaml("{kind: flash, flash: {words_per_ns: 4}, electronic: {area_mm2: 0.25}}", "card"));
  EXPECT_EQ(card.own.get<FlashTable>().words_per_ns, 4);
  CostInput input;
  input.layers = {multilevel_layer(conv(64, 64, 3, 8), 2, 12, 4, 4, 4)};
  input.core = round_core();
  input.generator = card;
  const CostReport report = simulate_cost(input);
  EXPECT_DOUBLE_EQ(report.energy_pJ[Component::generator], 3.0 * 64 * 64 * 9);
  EXPECT_DOUBLE_EQ(report.energy_pJ[Component::generator_static], 7 * report.time_ns);
  const auto area = [&](const std::string& part) {
    for (const AreaPart& a : report.areas)
      if (a.component == part) return a.area_mm2;
    return -1.0;
  };
  EXPECT_EQ(area("flash generator"), 11);
  EXPECT_EQ(area("electronic generator"), 0.25);
  // 64 x 64 weights of each tile at 4 a nanosecond, nine tiles.
  const auto generate = std::find_if(report.stages.begin(), report.stages.end(),
                                     [](const StageCost& s) { return s.stage == Stage::generate; });
  ASSERT_NE(generate, report.stages.end());
  EXPECT_DOUBLE_EQ(generate->busy_ns, 9 * 1024);
}

TEST(GeneratorTable, AGeneratorOfDigitsCannotDriveTheCoreAsLight) {
  register_flash();
  EXPECT_THROW(read_card<GeneratorCard>(parse_yaml("{kind: flash, handover: analog}", "card")),
               Error);
  EXPECT_FALSE(hands_over_light({.kind = "flash", .handover = Handover::analog}));
  EXPECT_TRUE(hands_over_light({.kind = "photonic", .handover = Handover::analog}));
  EXPECT_FALSE(hands_over_light({.kind = "photonic"}));
}

TEST(GeneratorTable, TakenAndEmptyNamesAreRefusedInOneSentence) {
  register_flash();
  for (const char* name : {"", "none", "electronic", "photonic", "flash"}) {
    GeneratorEntry entry = flash_generator();
    entry.name = name;
    try {
      register_generator(entry);
      ADD_FAILURE() << "took the name '" << name << "'";
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  }
  EXPECT_THROW(register_generator({.name = "without a cost"}), Error);
}

TEST(GeneratorTable, UnknownKindsNameTheNearest) {
  try {
    generator_entry("fotonic");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("'photonic'"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace lightloom::cosim

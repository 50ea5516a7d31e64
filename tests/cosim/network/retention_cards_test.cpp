// The shipped cards of embedded DRAM: what each says of one and the same network.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/cards/card.hpp"
#include "cosim/network/buffer_refresh.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

memory::BufferCard shipped_buffer(const std::string& name) {
  return read_card<memory::BufferCard>(
      load_card(LIGHTLOOM_SOURCE_DIR "/data/buffers/" + name + ".yaml", {}));
}

/// Two layers of 64 x 64 x 3 x 3 weights on maps of so many pixels, at a core of so many GHz: a
/// symbol a position and tile, nine tiles a layer.
CostReport on_edram(const std::string& card, int map, double rate_GHz) {
  CostInput input{
      .layers = {reload_layer(conv(64, 64, 3, map), 8), reload_layer(conv(64, 64, 3, map), 8)},
      .core = round_core()};
  input.core.cost.symbol_rate_GHz = rate_GHz;
  input.memory.activation_buffer = shipped_buffer(card);
  return simulate_cost(input);
}

/// The map between the layers lives from the start of the first to the end of the second.
double longest_life_us(const CostReport& report) { return report.layers[1].end_ns * 1e-3; }

TEST(RetentionCards, ForgetAfterThePublishedTimes) {
  const std::map<std::string, double> published{{"edram-3t-16nm-100C", 3.35},
                                                {"edram-3t-16nm-600mV", 77},
                                                {"edram-3t1c-65nm", 100},
                                                {"edram-gain-65nm-yield", 16},
                                                {"edram-1t1c-32nm-350K", 119}};
  for (const auto& [name, retention_us] : published) {
    const memory::BufferCard card = shipped_buffer(name);
    EXPECT_EQ(card.kind, memory::BufferKind::edram) << name;
    EXPECT_EQ(card.retention_us, retention_us) << name;
    EXPECT_NO_THROW(memory::buffer_figures(card)) << name;
  }
}

// A refresh for every whole retention time that the longest life goes beyond, none within it: one
// network needs some on one card and none on another.
TEST(RetentionCards, GiveOneNetworkDifferentVerdicts) {
  for (const auto& [card, retention_us] :
       {std::pair{"edram-3t-16nm-100C", 3.35}, {"edram-3t-16nm-600mV", 77.0}})
    for (const int map : {4, 8, 16, 32, 64}) {
      const CostReport report = on_edram(card, map, 1);
      const double expected = std::max(0.0, std::ceil(longest_life_us(report) / retention_us) - 1);
      EXPECT_EQ(report.layers[1].refreshes, expected) << card << " " << map;
      EXPECT_EQ(report.layers[1].refreshes == 0, longest_life_us(report) <= retention_us);
    }
  EXPECT_GT(on_edram("edram-3t-16nm-100C", 32, 1).layers[1].refreshes, 0);
  EXPECT_EQ(on_edram("edram-3t-16nm-600mV", 32, 1).layers[1].refreshes, 0);
  EXPECT_GT(on_edram("edram-3t-16nm-600mV", 96, 1).layers[1].refreshes, 0);
}

// A faster core shortens lives until the buffer itself binds: what needs refreshes at 0.1 GHz needs
// none at 10.
TEST(RetentionCards, ForgetLaterThanAFastCoreReads) {
  double before = 1e9;
  for (const double rate_GHz : {0.1, 1.0, 10.0}) {
    const CostReport report = on_edram("edram-gain-65nm-yield", 12, rate_GHz);
    EXPECT_LE(longest_life_us(report), before) << rate_GHz;
    EXPECT_EQ(report.layers[1].refreshes == 0, rate_GHz > 0.1) << rate_GHz;
    before = longest_life_us(report);
  }
}

}  // namespace
}  // namespace lightloom::cosim

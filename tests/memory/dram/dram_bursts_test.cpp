// Bursts that are sent in two halves, with room for another bank group's between.

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/memory/commands.hpp"
#include "tests/memory/presets.hpp"

namespace lightloom::memory {
namespace {

const std::vector<std::string> halves{"organization.burst_beats=32", "organization.burst_cycles=4",
                                      "organization.burst_span_cycles=6", "timing_cycles.ccd_l=8"};

// Bursts of 32 in bank-group mode: 16 beats, a gap of 16, 16 beats. Another group's burst fits in.
TEST(DramBursts, BurstsInTwoHalvesInterleaveInPairs) {
  const DramCard card = preset("lpddr5-6400", halves);
  const int cl = card.timing.cl;
  std::vector<DramCommand> open{act(0, 0, 0), act(4, 1, 0), act(8, 2, 0)};
  const auto with = [&](std::vector<DramCommand> reads) {
    std::vector<DramCommand> all = open;
    all.insert(all.end(), reads.begin(), reads.end());
    return check_commands(card, all).size();
  };
  EXPECT_EQ(with({rd(40, 0, 0), rd(42, 1, 0), rd(48, 2, 0)}), 0U);
  EXPECT_GT(with({rd(40, 0, 0), rd(42, 1, 0), rd(47, 2, 0)}), 0U);  // meets the second's end
  EXPECT_GT(with({rd(40, 0, 0), rd(41, 1, 0)}), 0U);
  EXPECT_GT(with({rd(40, 0, 0), rd(43, 1, 0)}), 0U);  // meets the first's second half
  EXPECT_EQ(with({rd(40, 0, 0), rd(46, 1, 0)}), 0U);
  expect_boundary(card, {act(0, 0, 0), rd(40, 0, 0), rd(48, 0, 0)}, "same group");
  expect_boundary(card, {act(0, 0, 0), rd(40, 0, 0), wr(40 + cl + 6 + 2 - card.timing.cwl, 0, 0)},
                  "read to write after the whole burst");
}

TEST(DramBursts, BurstsInTwoHalvesFillTheBusAndBreakNoRule) {
  for (const std::string name : {"lpddr5-6400", "lpddr5x-8533"}) {
    const DramCard card = preset(name, halves), short_bursts = preset(name);
    EXPECT_NEAR(card.peak_GBps(), short_bursts.peak_GBps(), 1e-9);
    for (const std::string pattern :
         {"seq_rd", "seq_wr", "rand_rd", "seq_2r1w", "rand_wr", "rand_rd_every37", "stride_rd"})
      EXPECT_EQ(problems(card, card, pattern), 0U) << name << " " << pattern;
    const DramCard quiet =
        preset(name, {halves[0], halves[1], halves[2], halves[3], "refresh=false"});
    EXPECT_NEAR(cycles_of(quiet, "seq_rd", 20000), 20000 * 4, 0.01 * 80000);
    EXPECT_NEAR(cycles_of(quiet, "seq_wr", 20000), 20000 * 4, 0.02 * 80000);
  }
}

// One bank group at a time: nothing comes between the halves, CCD_L = 8 cycles a burst of 4.
TEST(DramBursts, BurstsInTwoHalvesOfOneGroupLeaveHalfTheBusEmpty) {
  DramCard card =
      preset("lpddr5-6400", {halves[0], halves[1], halves[2], halves[3], "refresh=false"});
  card.mapping = "bgrobaco";
  EXPECT_NEAR(cycles_of(card, "seq_rd", 20000), 20000 * 8, 0.01 * 160000);
}

// A read is there when its second half is; the first of an idle memory opens its row.
TEST(DramBursts, AReadOfTwoHalvesEndsWithTheSecond) {
  std::vector<std::string> settings = halves;
  settings.emplace_back("refresh=false");
  const DramCard card = preset("lpddr5-6400", settings);
  const auto source = make_source({{.address = 0}});
  EXPECT_EQ(run_source(card, *source).cycles, card.timing.rcd_read + card.timing.cl + 6 + 2);
}

TEST(DramBursts, BurstsThatAreNoTwoHalvesAreRefused) {
  const auto refused = [](const std::string& setting) {
    std::vector<std::string> settings = halves;
    settings.push_back(setting);
    EXPECT_THROW(preset("lpddr5-6400", settings), Error) << setting;
  };
  refused("organization.burst_span_cycles=7");
  refused("timing_cycles.ccd_l=5");
  refused("timing_cycles.ccd_s=4");
  refused("organization.burst_span_cycles=2");
}

// Bursts of 32 in the modes without bank groups are one piece: four cycles each, as a card says.
TEST(DramBursts, BurstsOf32WithoutBankGroupsAreOnePiece) {
  const DramCard card =
      preset("lpddr5-6400", {"organization.burst_beats=32", "organization.burst_cycles=4",
                             "organization.bank_groups=1", "organization.banks_per_group=8",
                             "mapping=rorabaco", "timing_cycles.ccd_s=4", "refresh=false"});
  EXPECT_EQ(problems(card, card, "seq_2r1w"), 0U);
  EXPECT_NEAR(cycles_of(card, "seq_rd", 20000), 20000 * 4, 0.01 * 80000);
}

}  // namespace
}  // namespace lightloom::memory

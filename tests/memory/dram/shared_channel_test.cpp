// Pseudo-channels behind one controller.

#include <gtest/gtest.h>

#include "tests/memory/commands.hpp"
#include "tests/memory/presets.hpp"

namespace lightloom::memory {
namespace {

TEST(SharedChannel, PseudoChannelsOfAChannelShareItsPinsAndNothingElse) {
  const DramCard card = preset("hbm3-6400");
  EXPECT_TRUE(check_commands(card, std::vector{act(0, 0, 0, 0), act(1, 0, 0, 1), rd(31, 0, 0, 0),
                                               rd(32, 0, 0, 1)})
                  .empty());
  EXPECT_FALSE(check_commands(card, std::vector{act(0, 0, 0, 0), act(0, 0, 0, 1)}).empty());
  EXPECT_FALSE(check_commands(card, std::vector{act(0, 0, 0, 0), act(1, 0, 0, 1), rd(40, 0, 0, 0),
                                                rd(40, 0, 0, 1)})
                   .empty());
  EXPECT_TRUE(check_commands(card, std::vector{act(0, 0, 0, 0), act(50, 0, 0, 1), rd(50, 0, 0, 0)})
                  .empty());
}

TEST(SharedChannel, SharedPseudoChannelsRunLegallyCountApartAndAddUp) {
  for (const std::string name : {"hbm3-6400", "hbm2-pseudo-channel", "hbm2e"})
    for (const std::string mode : {"refresh_mode=all_bank", "refresh_mode=per_bank"})
      for (const std::string pattern : {"seq_rd", "rand_rd", "seq_2r1w", "rand_wr"}) {
        const DramCard card =
            preset(name, {"organization.shared_channel=true", "organization.channels=2",
                          "organization.ranks=2", mode});
        Logs logs;
        const MemoryRun run = recorded(card, pattern, 6000, logs);
        ASSERT_EQ(logs.size(), 2U);  // one controller a channel
        ASSERT_EQ(run.channel_requests.size(), 4U);
        std::vector<std::int64_t> counted(4, 0);
        for (std::size_t c = 0; c < logs.size(); ++c) {
          const auto found = check_commands(card, logs[c]);
          ASSERT_TRUE(found.empty()) << name << " " << pattern << ": " << found.front();
          for (const DramCommand& one : logs[c])
            if (one.kind == Kind::read || one.kind == Kind::write)
              ++counted[2 * c + static_cast<std::size_t>(one.pseudo_channel)];
        }
        EXPECT_EQ(run.channel_requests, counted);
      }
}

// A hit of one and a closed bank of the other take a column and a row command of the same cycle.
TEST(SharedChannel, RequestsOfBothPseudoChannelsMoveOnInOneCycle) {
  const DramCard card =
      preset("hbm2-pseudo-channel",
             {"organization.shared_channel=true", "organization.channels=1", "refresh=false",
              "mapping=rorabacobgpc", "controller.requests_per_cycle=2"});
  const auto source = make_source(
      {{.address = 0}, {.address = 256, .arrival = 1000}, {.address = 32, .arrival = 1000}});
  std::vector<Cycle> latencies(3, 0);
  run_source(card, *source, {.completed = [&](std::uint64_t n, Cycle from, Cycle to) {
               latencies[n] = to - from;
             }});
  const DramTiming& t = card.timing;
  EXPECT_EQ(latencies[1], t.cl + 2 + 2);
  EXPECT_EQ(latencies[2], t.rcd_read + t.cl + 2 + 2);
}

TEST(SharedChannel, EveryPseudoChannelDrawsItsStandbyPower) {
  const DramCard card =
      preset("hbm3-6400", {"access_pJ_per_bit=0", "background_mW=10", "organization.channels=2"});
  const MemoryRun run = run_pattern(card, "rand_rd", 3000, 5);
  EXPECT_NEAR(run.energy.background_pJ, run.time_ns * 10 * 2 * 2, 1e-6 * run.energy.total_pJ());
}

// Bursts of two cycles on both halves want a column command every cycle: the pins just do. Bursts
// of one cycle would want two, so the pins bind.
TEST(SharedChannel, SharedPinsBindWhereBurstsAreShorterThanTheirCommands) {
  const std::vector<std::string> shared{
      "organization.shared_channel=true", "organization.channels=1", "refresh=false",
      "controller.requests_per_cycle=4",  "mapping=rorabacobgpc",    "controller.selection=oldest",
      "controller.read_queue=64"};
  const DramCard card = preset("hbm2-pseudo-channel", shared);
  EXPECT_NEAR(cycles_of(card, "seq_rd", 40000), 40000, 0.01 * 40000);
  std::vector<std::string> fast = shared;
  for (const char* setting :
       {"organization.burst_cycles=1", "timing_cycles.ccd_s=1", "timing_cycles.ccd_l=1"})
    fast.emplace_back(setting);
  const MemoryRun run = run_pattern(preset("hbm2-pseudo-channel", fast), "seq_rd", 40000, 0);
  EXPECT_NEAR(static_cast<double>(run.cycles), 40000, 0.01 * 40000);
  EXPECT_EQ(run.bound_by, DramBound::command);
  fast[0] = "organization.shared_channel=false";
  EXPECT_NEAR(cycles_of(preset("hbm2-pseudo-channel", fast), "seq_rd", 40000), 20000, 400);
}

// A full queue of one pseudo-channel holds up the other: two requests wait, no more are taken.
TEST(SharedChannel, SharedPseudoChannelsShareOneQueue) {
  const auto last_accepted = [](const std::string& shared) {
    const DramCard card =
        preset("hbm2-pseudo-channel",
               {shared, "organization.channels=1", "refresh=false", "mapping=rorabacobgpc",
                "controller.read_queue=2", "controller.bank_queue=0",
                "controller.requests_per_cycle=8", "controller.write_drain=watermarks"});
    // Two rows of one bank of pseudo-channel 0, then one request for pseudo-channel 1.
    const std::uint64_t row = static_cast<std::uint64_t>(card.organization.bytes()) / 65536;
    const auto source = make_source({{.address = 0}, {.address = row}, {.address = 32}});
    Cycle accepted = 0;
    run_source(card, *source, {.completed = [&](std::uint64_t n, Cycle from, Cycle) {
                 if (n == 2) accepted = from;
               }});
    return accepted;
  };
  EXPECT_EQ(last_accepted("organization.shared_channel=false"), 0);
  EXPECT_GE(last_accepted("organization.shared_channel=true"), 14);  // a column command made room
}

}  // namespace
}  // namespace lightloom::memory

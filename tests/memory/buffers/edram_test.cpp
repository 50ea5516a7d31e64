#include "memory/buffers/edram.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"

namespace lightloom::memory {
namespace {

const BufferCard edram{.kind = BufferKind::edram, .capacity_KB = 256, .node_nm = 32};

TEST(Edram, RetentionIsTheTabulatedOneAndHalvesEveryTenKelvin) {
  EXPECT_NEAR(retention_ns(edram), 119e3, 1e-6);
  EXPECT_NEAR(retention_ns({.kind = BufferKind::edram, .node_nm = 45}), 127e3, 1e-6);
  EXPECT_NEAR(retention_ns(edram, 360), 119e3 / 2, 1e-6);
  EXPECT_NEAR(retention_ns({.kind = BufferKind::edram, .node_nm = 32, .retention_us = 40}), 40e3,
              1e-6);
  EXPECT_THROW(retention_ns({.kind = BufferKind::sram}), Error);
}

TEST(Edram, NeedsNoRefreshExactlyWhileEveryLifetimeIsWithinRetention) {
  const double t = retention_ns(edram);
  const StoredTensor within{.bytes = 1024, .written_ns = 5, .last_read_ns = 5 + t};
  const StoredTensor beyond{.bytes = 1024, .written_ns = 5, .last_read_ns = 5 + t * 1.0001};
  EXPECT_EQ(lifetime_refresh(edram, std::vector{within, within}).energy_pJ, 0);
  const EdramRefresh once = lifetime_refresh(edram, std::vector{within, beyond});
  EXPECT_EQ(once.refreshes, 1);
  const BufferFigures f = buffer_figures(edram);
  EXPECT_DOUBLE_EQ(once.energy_pJ, 32 * (f.read_pJ + f.write_pJ));
  EXPECT_DOUBLE_EQ(once.port_time_ns, 32 * f.cycle_ns);
  EXPECT_EQ(refreshes_needed(3 * t, t), 2);
  EXPECT_EQ(refreshes_needed(3.5 * t, t), 3);
}

// A controller that knows no lifetimes refreshes every word once a retention time.
TEST(Edram, LifetimeRefreshOfAFullBufferThatLivesLongApproachesBlindRefresh) {
  const double t = retention_ns(edram), life = 1000 * t;
  const double words = std::ceil(edram.bytes() / edram.word_bytes);
  const BufferFigures f = buffer_figures(edram);
  const double blind_mW = words * (f.read_pJ + f.write_pJ) / t;
  const StoredTensor full{.bytes = edram.bytes(), .last_read_ns = life};
  const EdramRefresh refresh = lifetime_refresh(edram, std::vector{full});
  EXPECT_NEAR(refresh.energy_pJ / life, blind_mW, 0.002 * blind_mW);
  EXPECT_NEAR(refresh.port_time_ns / life, words * f.cycle_ns / t, 1e-3);
}

TEST(Edram, FailureProbabilityRisesFromTheWeakShareAtNominalRetention) {
  EXPECT_EQ(failure_probability(0, 119e3), 0);
  EXPECT_NEAR(failure_probability(119e3, 119e3), 1e-6, 1e-9);
  EXPECT_NEAR(failure_probability(119e3, 119e3, 0.5, 0.5), 0.5, 1e-9);
  double before = 0;
  for (double age = 1e3; age < 1e9; age *= 2) {
    const double now = failure_probability(age, 119e3);
    EXPECT_GE(now, before);
    before = now;
  }
  EXPECT_NEAR(before, 1, 1e-3);
  const StoredTensor tensor{.bytes = 1e6, .last_read_ns = retention_ns(edram)};
  EXPECT_NEAR(lifetime_refresh(edram, std::vector{tensor}).failed_bits, 8, 0.1);
}

}  // namespace
}  // namespace lightloom::memory

#include "cosim/studies/generation_latency.hpp"

#include <gtest/gtest.h>

namespace lightloom::cosim {
namespace {

// Gu et al., ICCV 2021, section 3.4, read as docs/models/cosim/schedule.md#eq-8 does.
TEST(GenerationLatency, ReproducesThePapersCase) {
  const GenerationLatency paper = generation_latency({});
  EXPECT_NEAR(paper.dac_ps, 400, 1e-9);
  EXPECT_NEAR(paper.propagation_ps, 25.2, 0.05);
  EXPECT_NEAR(paper.total_ps, 545.2, 0.05);
  EXPECT_NEAR(generation_latency({.group_index = 1}).total_ps, 531.2, 0.05);
  EXPECT_NEAR(paper.saved_ns, 0.9728 * 8674, 1);  // 288 KiB over 34e9 B/s, not the printed 7.9 us
  EXPECT_NEAR(generation_latency({.bandwidth_GBps = 300}).saved_ns, 956, 1);
}

}  // namespace
}  // namespace lightloom::cosim

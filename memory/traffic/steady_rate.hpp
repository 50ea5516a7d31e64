#pragma once

#include <cstdint>
#include <string>

#include "memory/dram/dram_card.hpp"
#include "memory/dram/dram_command.hpp"
#include "memory/traffic/dram_run.hpp"

namespace lightloom::memory {

/// A long pattern in closed form.
struct FastRun {
  Cycle cycles = 0;
  std::int64_t requests = 0;
  std::int64_t row_hits = 0, activates = 0, refreshes = 0;
  double bandwidth_GBps = 0;
  bool extrapolated = false;  // false: the run was short and simulated in full
};

/// Fast path for long patterns of request_source.hpp that go on as they began: two windows are
/// simulated at command level, and the steady rate between their ends is carried on to `requests`.
/// The cost does not depend on the length. Agreement with the command level is tested
/// (docs/evidence/memory.md).
FastRun run_pattern_fast(const DramCard& card, const std::string& pattern, std::int64_t requests,
                         std::uint64_t seed);

}  // namespace lightloom::memory

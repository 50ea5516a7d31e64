#pragma once

#include <cstdint>

#include "memory/dram_card.hpp"
#include "memory/dram_command.hpp"
#include "memory/memory_run.hpp"

namespace lightloom::memory {

/// Long sequential traffic in closed form.
struct FastRun {
  Cycle cycles = 0;
  std::int64_t requests = 0;
  std::int64_t row_hits = 0, activates = 0, refreshes = 0;
  double bandwidth_GBps = 0;
  bool extrapolated = false;  // false: the run was short and simulated in full
};

/// Fast path for a long sequential stream (reads, or writes): two windows of it are simulated at
/// command level, the steady rate between their ends is carried on to `requests`, and the cycles
/// that refreshes take are counted by their number. Row counts follow from the address mapping. The
/// cost does not depend on the length. Agreement with the command level is tested
/// (docs/validation-memory.md).
FastRun run_stream_fast(const DramCard& card, std::int64_t requests, bool write);

}  // namespace lightloom::memory

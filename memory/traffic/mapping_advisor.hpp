#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memory/traffic/dram_run.hpp"

namespace lightloom::memory {

/// What a mapping does for a pattern.
struct MappingResult {
  std::string mapping;
  double bandwidth_GBps = 0;
  double row_hit_share = 0;
  DramBound bound_by = DramBound::bus;
};

/// Requests of a named pattern.
struct PatternRun {
  std::string pattern;
  std::int64_t requests = 0;
  std::uint64_t seed = 0;
};

/// Answers "why is my bandwidth low": runs a part of the pattern (at most `sample` requests) under
/// the card's own mapping (first entry) and under candidates that differ in where the channel,
/// bank-group, bank and column bits lie, best first.
std::vector<MappingResult> compare_mappings(const DramCard& card, const PatternRun& run,
                                            std::int64_t sample = 20000);

/// Sentences for the user: share of the peak, the binding constraint and what would relax it,
/// uneven channels or banks, and a better mapping if `mappings` (from compare_mappings) holds one
/// that gains more than 2 %.
std::vector<std::string> advise(const DramCard& card, const MemoryRun& run,
                                const std::vector<MappingResult>& mappings);

}  // namespace lightloom::memory

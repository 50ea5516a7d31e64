#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "memory/dram/dram_card.hpp"
#include "memory/dram/dram_command.hpp"
#include "memory/traffic/dram_estimate.hpp"
#include "memory/traffic/request_source.hpp"
#include "memory/traffic/trace_file.hpp"

namespace lightloom::memory {

struct LatencySummary {
  double mean = 0;
  Cycle p50 = 0, p99 = 0, longest = 0;
  std::int64_t count = 0;  // reads
};

struct DramEnergyParts {
  double activate_pJ = 0, read_pJ = 0, write_pJ = 0, io_pJ = 0, refresh_pJ = 0, background_pJ = 0;
  [[nodiscard]] double total_pJ() const {
    return activate_pJ + read_pJ + write_pJ + io_pJ + refresh_pJ + background_pJ;
  }
};

/// What a stream of requests did to a DRAM.
struct MemoryRun {
  std::int64_t requests = 0, reads = 0, writes = 0;
  Cycle cycles = 0;  // max(last read's data, last acceptance)
  double time_ns = 0;
  double bandwidth_GBps = 0;  // all requests
  double peak_GBps = 0;
  LatencySummary latency_cycles;  // reads: acceptance to data
  std::int64_t row_hits = 0;      // column commands that are not the first since their ACT
  std::int64_t activates = 0, precharges = 0, refreshes = 0, forwarded = 0, turnarounds = 0;
  DramEnergyParts energy;
  DramBound bound_by = DramBound::bus;
  /// Share of the run that each constraint would need alone; the largest is bound_by.
  std::vector<DramEstimate::Term> shares;      // cycles_per_request holds the share
  std::int64_t wrapped = 0;                    // requests beyond the capacity, folded back into it
  std::vector<std::int64_t> channel_requests;  // by (pseudo-)channel: column commands
  std::vector<std::int64_t> bank_requests;  // by channel, rank, bank group, bank: column commands
};

/// Optional eyes on a run.
struct RunProbes {
  /// Called for every read in order of its data: number of the request, cycle of acceptance, cycle
  /// of the last data.
  std::function<void(std::uint64_t, Cycle, Cycle)> completed;
  /// One log per controller: a channel, or a pseudo-channel that shares nothing. Resized by the
  /// run.
  std::vector<std::vector<DramCommand>>* commands = nullptr;
};

/// Runs a source to its end at command level.
MemoryRun run_source(const DramCard& card, RequestSource& source, const RunProbes& probes = {});

/// Runs a pattern of request_source.hpp.
MemoryRun run_pattern(const DramCard& card, const std::string& pattern, std::int64_t requests,
                      std::uint64_t seed);

/// Runs a trace file.
MemoryRun run_trace(const DramCard& card, const std::string& path,
                    const TraceOptions& options = {});

}  // namespace lightloom::memory

#include "memory/dram_fast.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::memory {
namespace {

FastRun from_run(const MemoryRun& run) {
  return {.cycles = run.cycles,
          .requests = run.requests,
          .row_hits = run.row_hits,
          .activates = run.activates,
          .refreshes = run.refreshes,
          .bandwidth_GBps = run.bandwidth_GBps};
}

/// Bursts after which the stream has visited every bank of every channel for whole rows: its
/// pattern repeats.
std::int64_t period_of(const DramCard& card) {
  const DramOrganization& o = card.organization;
  return std::int64_t{o.columns()} * o.banks() * o.ranks * o.units();
}

/// Value after `requests`, on the line through two simulated points.
double carry_on(double first, double second, double first_at, double second_at, double requests) {
  return second + (second - first) * (requests - second_at) / (second_at - first_at);
}

}  // namespace

FastRun run_stream_fast(const DramCard& card, std::int64_t requests, bool write) {
  const char* pattern = write ? "seq_wr" : "seq_rd";
  const std::int64_t period = period_of(card);
  // Refreshes do not repeat with the rows: the second window spans many of them, so that their mean
  // shows.
  const std::int64_t short_run = 2 * period,
                     long_run = short_run + std::max<std::int64_t>(4 * period, 64 * 1024);
  if (requests <= long_run) return from_run(run_pattern(card, pattern, requests, 0));
  const MemoryRun a = run_pattern(card, pattern, short_run, 0),
                  b = run_pattern(card, pattern, long_run, 0);
  const auto value = [&](double first, double second) {
    return carry_on(first, second, static_cast<double>(short_run), static_cast<double>(long_run),
                    static_cast<double>(requests));
  };
  FastRun fast{.requests = requests, .extrapolated = true};
  fast.cycles = std::llround(value(static_cast<double>(a.cycles), static_cast<double>(b.cycles)));
  fast.row_hits =
      std::llround(value(static_cast<double>(a.row_hits), static_cast<double>(b.row_hits)));
  fast.activates =
      std::llround(value(static_cast<double>(a.activates), static_cast<double>(b.activates)));
  fast.refreshes =
      std::llround(value(static_cast<double>(a.refreshes), static_cast<double>(b.refreshes)));
  const double time_ns = static_cast<double>(fast.cycles) * card.clock_ns;
  fast.bandwidth_GBps = static_cast<double>(requests) * card.organization.atom_bytes() / time_ns;
  return fast;
}

}  // namespace lightloom::memory

#include "memory/traffic/steady_rate.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace lightloom::memory {
namespace {

/// Cycles of so many still fit an integer.
constexpr std::int64_t most_requests = 1'000'000'000'000'000;

FastRun from_run(const MemoryRun& run) {
  return {.cycles = run.cycles,
          .requests = run.requests,
          .row_hits = run.row_hits,
          .activates = run.activates,
          .refreshes = run.refreshes,
          .bandwidth_GBps = run.bandwidth_GBps};
}

/// Requests after which a stream has visited every bank of every channel for whole rows, and a
/// stride its whole footprint: the pattern repeats.
std::int64_t period_of(const DramCard& card) {
  const DramOrganization& o = card.organization;
  return std::max(std::int64_t{o.columns()} * o.banks() * o.ranks * o.units(), stride_period);
}

/// What was counted after so many requests.
struct Simulated {
  double requests, value;
};

/// Value after `requests`, on the line through two simulated points.
double carry_on(const Simulated& a, const Simulated& b, double requests) {
  return b.value + (b.value - a.value) * (requests - b.requests) / (b.requests - a.requests);
}

}  // namespace

FastRun run_pattern_fast(const DramCard& card, const std::string& pattern, std::int64_t requests,
                         std::uint64_t seed) {
  require(requests <= most_requests, "pattern has {} requests (must not exceed {})", requests,
          most_requests);
  const std::int64_t period = period_of(card);
  // Refreshes and random places do not repeat with the rows: the second window spans many of them,
  // so that their mean shows.
  const bool drawn = pattern.starts_with("tile4k") || pattern.starts_with("rand");
  const std::int64_t window = std::max<std::int64_t>(4 * period, (drawn ? 256 : 64) * 1024) +
                              16 * 1024 * (card.organization.units() - 1);
  const std::int64_t short_run = 2 * period, long_run = short_run + window;
  if (requests <= long_run) return from_run(run_pattern(card, pattern, requests, seed));
  const MemoryRun a = run_pattern(card, pattern, short_run, seed),
                  b = run_pattern(card, pattern, long_run, seed);
  const auto value = [&](double first, double second) {
    return carry_on({static_cast<double>(short_run), first},
                    {static_cast<double>(long_run), second}, static_cast<double>(requests));
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

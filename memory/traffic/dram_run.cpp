#include "memory/traffic/dram_run.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "core/error.hpp"
#include "memory/dram/dram_controller.hpp"
#include "memory/dram/dram_energy.hpp"
#include "memory/traffic/dram_bounds.hpp"

namespace lightloom::memory {
namespace {

/// Counts of each latency, exact.
class LatencyHistogram {
 public:
  void add(Cycle latency) {
    if (latency < most) {
      const auto place = static_cast<std::size_t>(latency);
      if (place >= counts_.size()) counts_.resize(place + place / 2 + 64);
      ++counts_[place];
    } else {
      ++longer_[latency];
    }
    sum_ += latency;
    ++total_;
  }
  [[nodiscard]] LatencySummary summary() const {
    LatencySummary s;
    s.count = total_;
    if (total_ == 0) return s;
    s.mean = static_cast<double>(sum_) / static_cast<double>(total_);
    s.p50 = quantile((total_ + 1) / 2);
    s.p99 = quantile(total_ - total_ / 100);
    s.longest = quantile(total_);
    return s;
  }

 private:
  /// The smallest latency that at least `rank` reads do not exceed.
  [[nodiscard]] Cycle quantile(std::int64_t rank) const {
    std::int64_t below = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i)
      if ((below += counts_[i]) >= rank) return static_cast<Cycle>(i);
    for (const auto& [latency, count] : longer_)
      if ((below += count) >= rank) return latency;
    return 0;
  }
  static constexpr Cycle most = 1 << 20;  // of the table
  std::map<Cycle, std::int64_t> longer_;
  std::vector<std::int64_t> counts_;
  Cycle sum_ = 0;
  std::int64_t total_ = 0;
};

/// Cycles without a request after which refreshes are counted instead of simulated.
constexpr Cycle long_pause = 1'000'000;

/// All channels of a DRAM behind one source that offers requests in order and stops at the first
/// refusal.
class System {
 public:
  System(const DramCard& card, const RunProbes& probes)
      : card_(card),
        mapping_(card),
        capacity_(static_cast<std::uint64_t>(card.organization.bytes())),
        probes_(probes) {
    const int together = card.organization.units_together();
    for (int u = 0; u < card.organization.units(); u += together) controllers_.emplace_back(card);
    if (probes.commands != nullptr) {
      probes.commands->assign(controllers_.size(), {});
      for (std::size_t u = 0; u < controllers_.size(); ++u)
        controllers_[u].record(&(*probes.commands)[u]);
    }
  }

  void run(RequestSource& source) {
    more_ = fetch(source);
    Cycle k = 0;
    while (more_ || reads_waiting_ > 0) {
      bool changed = false;
      for (DramController& controller : controllers_)
        if (controller.next_event() <= k) {
          controller.step(k);
          changed = true;
        }
      if (changed) collect();
      offer(source, k);
      if (more_ && request_.arrival > k + long_pause)
        for (DramController& controller : controllers_) controller.skip_refreshes(request_.arrival);
      k = next_cycle(k);
    }
    end_ = std::max(last_data_, last_accept_);
  }

  [[nodiscard]] MemoryRun result() const;

 private:
  bool fetch(RequestSource& source) {
    if (!source.next(request_)) return false;
    place_ = mapping_.decode(request_.address);
    wrapped_ += request_.address >= capacity_ ? 1 : 0;
    return true;
  }

  void offer(RequestSource& source, Cycle k) {
    blocked_ = false;
    for (int slot = 0; more_ && request_.arrival <= k; ++slot) {
      DramController& controller = controllers_[controller_of(place_)];
      if (slot == card_.controller.requests_per_cycle) return;
      if (!controller.has_room(request_.write)) {
        blocked_ = true;
        return;
      }
      const Cycle done = controller.accept(place_, request_.write, number_, k);
      if (request_.write) {
        ++writes_;
      } else {
        ++reads_;
        if (done > 0) {
          finish(number_, k, done);
        } else {
          ++reads_waiting_;
        }
      }
      last_accept_ = k;
      ++number_;
      more_ = fetch(source);
    }
  }

  [[nodiscard]] std::size_t controller_of(const DramAddress& place) const {
    return static_cast<std::size_t>(place.unit / card_.organization.units_together());
  }

  void finish(std::uint64_t number, Cycle accepted, Cycle done) {
    latencies_.add(done - accepted);
    last_data_ = std::max(last_data_, done);
    if (probes_.completed) probes_.completed(number, accepted, done);
  }

  void collect() {
    for (DramController& controller : controllers_) {
      for (const DramController::Completion& c : controller.completions()) {
        finish(c.number, c.accepted, c.done);
        --reads_waiting_;
      }
      controller.clear_completions();
    }
  }

  [[nodiscard]] Cycle next_cycle(Cycle k) const {
    Cycle next = never;
    for (const DramController& controller : controllers_)
      next = std::min(next, controller.next_event());
    // A blocked source waits for a command; any other offers when its request arrives, at the
    // earliest next cycle.
    if (more_ && !blocked_) next = std::min(next, std::max(request_.arrival, k + 1));
    return std::max(next, k + 1);
  }

  const DramCard& card_;
  AddressMapping mapping_;
  std::uint64_t capacity_;
  const RunProbes& probes_;
  std::vector<DramController> controllers_;
  LatencyHistogram latencies_;
  Request request_;
  DramAddress place_;
  std::uint64_t number_ = 0;
  bool more_ = false, blocked_ = false;
  std::int64_t reads_ = 0, writes_ = 0, reads_waiting_ = 0, wrapped_ = 0;
  Cycle last_data_ = 0, last_accept_ = 0, end_ = 0;
};

/// Adds what one controller counted.
void add_counts(MemoryRun& run, const DramCard& card, const DramCounts& c) {
  const DramOrganization& o = card.organization;
  const DramEnergy energy = dram_energy(card);
  run.row_hits += c.row_hits;
  run.activates += c.activates;
  run.precharges += c.precharges;
  run.refreshes += c.refreshes;
  run.forwarded += c.forwarded;
  run.turnarounds += c.turnarounds;
  const std::size_t unit = c.bank_columns.size() / static_cast<std::size_t>(o.units_together());
  for (std::size_t first = 0; first < c.bank_columns.size(); first += unit)
    run.channel_requests.push_back(std::accumulate(
        c.bank_columns.begin() + static_cast<std::ptrdiff_t>(first),
        c.bank_columns.begin() + static_cast<std::ptrdiff_t>(first + unit), std::int64_t{0}));
  run.bank_requests.insert(run.bank_requests.end(), c.bank_columns.begin(), c.bank_columns.end());
  const auto reads = static_cast<double>(c.reads), writes = static_cast<double>(c.writes);
  const double open_ns = static_cast<double>(c.rank_open_cycles) * card.clock_ns;
  const double rank_ns = run.time_ns * o.ranks * o.units_together();
  run.energy.activate_pJ += static_cast<double>(c.activates) * energy.activate_pJ;
  run.energy.read_pJ += reads * energy.read_pJ;
  run.energy.write_pJ += writes * energy.write_pJ;
  run.energy.io_pJ += (reads + writes) * energy.io_pJ;
  run.energy.refresh_pJ += static_cast<double>(c.refreshes) * energy.refresh_pJ;
  run.energy.background_pJ += open_ns * energy.background_open_mW +
                              std::max(0.0, rank_ns - open_ns) * energy.background_closed_mW;
}

MemoryRun System::result() const {
  MemoryRun run;
  run.requests = static_cast<std::int64_t>(number_);
  run.reads = reads_;
  run.writes = writes_;
  run.wrapped = wrapped_;
  run.cycles = end_;
  run.time_ns = static_cast<double>(end_) * card_.clock_ns;
  const int atom = card_.organization.atom_bytes();
  run.bandwidth_GBps = end_ > 0 ? static_cast<double>(run.requests) * atom / run.time_ns : 0;
  run.peak_GBps = card_.peak_GBps();
  run.latency_cycles = latencies_.summary();
  std::vector<DramCounts> counts;
  for (const DramController& controller : controllers_) counts.push_back(controller.counts(end_));
  for (const DramCounts& c : counts) add_counts(run, card_, c);
  attribute_bounds(run, card_, counts);
  return run;
}

}  // namespace

MemoryRun run_source(const DramCard& card, RequestSource& source, const RunProbes& probes) {
  validate(card);
  System system(card, probes);
  system.run(source);
  return system.result();
}

MemoryRun run_pattern(const DramCard& card, const std::string& pattern, std::int64_t requests,
                      std::uint64_t seed) {
  const auto source = make_pattern(pattern, requests, seed, card.organization.atom_bytes());
  return run_source(card, *source);
}

MemoryRun run_trace(const DramCard& card, const std::string& path, const TraceOptions& options) {
  return run_source(card, *open_trace(path, card, options));
}

}  // namespace lightloom::memory

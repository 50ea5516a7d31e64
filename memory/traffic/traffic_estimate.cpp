#include "memory/traffic/traffic_estimate.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "memory/dram/address_mapping.hpp"

namespace lightloom::memory {
namespace {

constexpr std::int64_t window = 32;  // requests a controller can reorder

struct Sampled {
  std::int64_t count = 0, writes = 0;
  Cycle last_arrival = 0;
  std::vector<std::int64_t> unit_requests, unit_activates, bank_activates;
  double crowded_group = 0;  // mean over windows of the commonest bank group's share
};

Sampled sample_traffic(const DramCard& card, RequestSource& source, int sample) {
  const DramOrganization& o = card.organization;
  const AddressMapping mapping(card);
  Sampled s;
  const auto units = static_cast<std::size_t>(o.units());
  s.unit_requests.assign(units, 0);
  s.unit_activates.assign(units, 0);
  const std::int64_t banks = std::int64_t{o.ranks} * o.banks(),
                     groups = std::int64_t{o.ranks} * o.bank_groups;
  s.bank_activates.assign(units * static_cast<std::size_t>(banks), 0);
  std::vector<std::map<std::int64_t, std::int64_t>> last_use(
      s.bank_activates.size());  // row -> request number
  std::vector<std::vector<std::int64_t>> in_window(
      units, std::vector<std::int64_t>(static_cast<std::size_t>(groups), 0));
  std::int64_t windows = 0;
  Request request;
  while (s.count < sample && source.next(request)) {
    const DramAddress a = mapping.decode(request.address);
    const auto unit = static_cast<std::size_t>(a.unit);
    const std::int64_t group_number = std::int64_t{a.rank} * o.bank_groups + a.bank_group;
    const auto group = static_cast<std::size_t>(group_number);
    const auto bank =
        static_cast<std::size_t>(a.unit * banks + group_number * o.banks_per_group + a.bank);
    auto& rows = last_use[bank];
    const auto used = rows.find(a.row);
    if (used == rows.end() || s.count - used->second > window * o.units()) {
      ++s.bank_activates[bank];
      ++s.unit_activates[unit];
    }
    rows[a.row] = s.count;
    ++s.count;
    s.writes += request.write ? 1 : 0;
    s.last_arrival = request.arrival;
    std::vector<std::int64_t>& seen = in_window[unit];
    ++seen[group];
    if (++s.unit_requests[unit] % window == 0) {
      s.crowded_group += static_cast<double>(*std::max_element(seen.begin(), seen.end())) / window;
      ++windows;
      std::fill(seen.begin(), seen.end(), 0);
    }
  }
  s.crowded_group = windows > 0 ? s.crowded_group / static_cast<double>(windows) : 0;
  return s;
}

double share_of_largest(const std::vector<std::int64_t>& counts, std::int64_t total) {
  return static_cast<double>(*std::max_element(counts.begin(), counts.end())) /
         static_cast<double>(total);
}

}  // namespace

DramEstimate estimate_traffic(const DramCard& card, RequestSource& source, int sample) {
  const DramOrganization& o = card.organization;
  const DramTiming& t = card.timing;
  const Sampled s = sample_traffic(card, source, sample);
  DramEstimate estimate;
  if (s.count == 0) return estimate;
  const double unit_share = share_of_largest(s.unit_requests, s.count),
               bus = unit_share * o.burst_cycles;
  const double window_cycles = card.activate_cycles() / o.ranks;
  const double every = static_cast<double>(s.last_arrival) /
                       static_cast<double>(std::max<std::int64_t>(1, s.count - 1));
  const double write_share = static_cast<double>(s.writes) / static_cast<double>(s.count);
  const double column_cycles = (1 - write_share) * t.ccd_l + write_share * card.write_ccd_l();
  estimate.terms = {
      {DramBound::bus, bus},
      {DramBound::activate, share_of_largest(s.unit_activates, s.count) * window_cycles},
      {DramBound::row_cycle, share_of_largest(s.bank_activates, s.count) * t.rc},
      {DramBound::injection, std::max(1.0 / card.controller.requests_per_cycle, every)}};
  if (o.bank_groups > 1)
    estimate.terms.push_back({DramBound::ccd_l, unit_share * s.crowded_group * column_cycles});
  if (s.writes > 0 && s.writes < s.count) {
    const ControllerCard& c = card.controller;  // with bank_queues a drain moves all
    const double left = c.write_drain == WriteDrain::watermarks ? c.drain_low : 0;
    const double batch = (c.drain_high - left) * c.write_queue;
    const double gap = std::max(0, t.cl - t.cwl + t.rtrs) + t.cwl + t.wtr_l;
    estimate.terms.push_back(
        {DramBound::turnaround, bus + unit_share * write_share / std::max(1.0, batch) * gap});
  }
  const auto slowest = std::max_element(
      estimate.terms.begin(), estimate.terms.end(),
      [](const auto& a, const auto& b) { return a.cycles_per_request < b.cycles_per_request; });
  estimate.bound_by = slowest->bound;
  estimate.refresh_share = estimate.bound_by == DramBound::injection ? 0 : refresh_share(card);
  std::int64_t activates = 0;
  for (const std::int64_t a : s.unit_activates) activates += a;
  estimate.row_hit_share = 1 - static_cast<double>(activates) / static_cast<double>(s.count);
  estimate.cycles_per_request = slowest->cycles_per_request / (1 - estimate.refresh_share);
  estimate.bandwidth_GBps = o.atom_bytes() / (estimate.cycles_per_request * card.clock_ns);
  return estimate;
}

}  // namespace lightloom::memory

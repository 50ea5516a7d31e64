#include "memory/traffic/dram_bounds.hpp"

#include <algorithm>

namespace lightloom::memory {
namespace {

/// Cycles that each constraint alone would take, of the unit that it binds most.
struct BoundCycles {
  double bus = 0, column = 0, activate = 0, row = 0, turn = 0, command = 0;
};

double sum_of(const std::vector<std::int64_t>& counts, std::size_t first, std::size_t count) {
  std::int64_t sum = 0;
  for (std::size_t i = first; i < first + count; ++i) sum += counts[i];
  return static_cast<double>(sum);
}

/// The column commands of the busiest bank group, and those of one group after another.
double column_cycles(const DramCard& card, const DramCounts& c, std::size_t first) {
  const DramOrganization& o = card.organization;
  const double apart = std::max(o.burst_cycles, card.timing.ccd_s),
               read = std::max(o.burst_cycles, card.timing.ccd_l),
               write = std::max(o.burst_cycles, card.write_ccd_l());
  const auto units = static_cast<double>(o.units_together());
  const double same = static_cast<double>(c.same_group_pairs) / units,
               writes = static_cast<double>(c.same_group_writes) / units;
  const auto banks = static_cast<std::size_t>(o.ranks) * static_cast<std::size_t>(o.banks());
  double cycles = (sum_of(c.bank_columns, first, banks) - same) * apart + (same - writes) * read +
                  writes * write;
  if (o.bank_groups == 1) return cycles;
  const auto of_group = static_cast<std::size_t>(o.banks_per_group);
  for (std::size_t group = first; group < first + banks; group += of_group) {
    const double written = sum_of(c.bank_writes, group, of_group);
    const double others = sum_of(c.bank_columns, group, of_group) - written;
    cycles = std::max(cycles, others * read + written * write);
  }
  return cycles;
}

/// Adds what the banks from `first` on, one (pseudo-)channel, met.
void bind_unit(const DramCard& card, const DramCounts& c, std::size_t first, BoundCycles& bound) {
  const DramTiming& t = card.timing;
  const DramOrganization& o = card.organization;
  const auto banks = static_cast<std::size_t>(o.ranks) * static_cast<std::size_t>(o.banks());
  const double bus = sum_of(c.bank_columns, first, banks) * o.burst_cycles;
  bound.bus = std::max(bound.bus, bus);
  bound.column = std::max(bound.column, column_cycles(card, c, first));
  bound.activate = std::max(
      bound.activate, sum_of(c.bank_activates, first, banks) * card.activate_cycles() / o.ranks);
  for (std::size_t b = first; b < first + banks; ++b)
    bound.row = std::max(bound.row, static_cast<double>(c.bank_activates[b]) * t.rc);
  const double gap =
      std::max(0, t.cl - t.cwl + t.rtrs) + t.cwl + t.wtr_s;  // bus idle over a there and back
  const double turns = static_cast<double>(c.turnarounds) / 2 / o.units_together();
  bound.turn = std::max(bound.turn, bus + turns * gap);
}

BoundCycles bound_cycles(const DramCard& card, const std::vector<DramCounts>& counts) {
  const DramOrganization& o = card.organization;
  BoundCycles bound;
  for (const DramCounts& c : counts) {
    const std::size_t banks = c.bank_columns.size(),
                      unit = banks / static_cast<std::size_t>(o.units_together());
    for (std::size_t first = 0; first < banks; first += unit) bind_unit(card, c, first, bound);
    if (!o.shared_channel) continue;
    const auto columns = static_cast<double>(c.reads + c.writes),
               rows = static_cast<double>(c.activates + c.precharges + c.refreshes);
    bound.command =
        std::max(bound.command, o.dual_command ? std::max(columns, rows) : columns + rows);
  }
  return bound;
}

}  // namespace

void attribute_bounds(MemoryRun& run, const DramCard& card, const std::vector<DramCounts>& counts) {
  const double cycles =
      std::max<double>(1, static_cast<double>(run.cycles)) * (1 - refresh_share(card));
  const BoundCycles b = bound_cycles(card, counts);
  const double injected = static_cast<double>(run.requests) / card.controller.requests_per_cycle;
  run.shares = {{DramBound::bus, b.bus / cycles},
                {DramBound::activate, b.activate / cycles},
                {DramBound::row_cycle, b.row / cycles},
                {DramBound::injection, injected / cycles}};
  // A hair above the bus is the bus: name another bound only if it takes 2 % more.
  if (b.column > 1.02 * b.bus) run.shares.push_back({DramBound::ccd_l, b.column / cycles});
  if (b.turn > 1.02 * b.bus) run.shares.push_back({DramBound::turnaround, b.turn / cycles});
  if (b.command > 1.02 * b.bus) run.shares.push_back({DramBound::command, b.command / cycles});
  run.bound_by =
      std::max_element(run.shares.begin(), run.shares.end(), [](const auto& x, const auto& y) {
        return x.cycles_per_request < y.cycles_per_request;
      })->bound;
}

}  // namespace lightloom::memory

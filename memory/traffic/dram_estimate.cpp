#include "memory/traffic/dram_estimate.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "memory/dram/address_mapping.hpp"

namespace lightloom::memory {
namespace {

/// What the lowest address bits of a run of 2^`bits` bursts reach.
struct RunReach {
  int columns = 0;       // log2 of the bursts it takes from one row
  int units = 0;         // log2 of the channels it spreads over
  bool rotates = false;  // consecutive bursts of a channel change the bank group
};

RunReach reach_of(const DramCard& card, const AddressMapping& mapping, int bits) {
  RunReach reach;
  bool first = true;
  for (const AddressMapping::Piece& piece : mapping.pieces()) {
    const int inside =
        std::clamp(bits - (piece.address_bit - mapping.offset_bits()), 0, piece.bits);
    const bool unit =
        piece.field == AddressField::channel || piece.field == AddressField::pseudo_channel;
    if (unit) reach.units += inside;
    if (piece.field == AddressField::column) reach.columns += inside;
    if (!unit && first && inside > 0) {
      const int apart = std::max(card.timing.ccd_s, card.organization.burst_cycles);
      const bool enough = std::int64_t{apart} << piece.bits >= card.timing.ccd_l;
      reach.rotates = piece.field == AddressField::bank_group && enough;
      first = false;
    }
  }
  return reach;
}

/// Of the bursts of the longest run that is told apart.
constexpr int most_bits = 40;

DramEstimate estimate_of(const DramCard& card, const AddressMapping& mapping, int bits) {
  const DramOrganization& o = card.organization;
  const DramTiming& t = card.timing;
  const RunReach reach = reach_of(card, mapping, bits);
  const double miss = std::ldexp(1.0, -reach.columns);
  const double units = o.units();  // queues hold many runs: short ones spread over all channels
  const double activates = miss * card.activate_cycles() / o.ranks;

  DramEstimate estimate;
  estimate.terms = {{DramBound::bus, o.burst_cycles / units},
                    {DramBound::activate, activates / units},
                    {DramBound::row_cycle, miss * t.rc / (o.banks() * o.ranks) / units},
                    {DramBound::injection, 1.0 / card.controller.requests_per_cycle}};
  const bool one_group = bits > reach.units && !reach.rotates && o.bank_groups > 1;
  if (one_group) estimate.terms.push_back({DramBound::ccd_l, t.ccd_l / units});
  const auto slowest = std::max_element(
      estimate.terms.begin(), estimate.terms.end(),
      [](const auto& a, const auto& b) { return a.cycles_per_request < b.cycles_per_request; });
  estimate.bound_by = slowest->bound;
  estimate.refresh_share = refresh_share(card);
  estimate.row_hit_share = 1 - miss;
  estimate.cycles_per_request = slowest->cycles_per_request / (1 - estimate.refresh_share);
  estimate.bandwidth_GBps = o.atom_bytes() / (estimate.cycles_per_request * card.clock_ns);
  return estimate;
}

}  // namespace

const char* bound_name(DramBound bound) {
  switch (bound) {
    case DramBound::bus:
      return "bus";
    case DramBound::ccd_l:
      return "ccd_l";
    case DramBound::activate:
      return "activate";
    case DramBound::row_cycle:
      return "row_cycle";
    case DramBound::injection:
      return "injection";
    case DramBound::turnaround:
      return "turnaround";
    case DramBound::command:
      return "command";
  }
  return "";
}

double refresh_share(const DramCard& card) {
  if (!card.refresh) return 0;
  const DramTiming& t = card.timing;
  const double around = t.rtp + t.rp + t.rcd_read;
  if (card.refresh_mode == RefreshMode::all_bank) return (around + t.rfc) / t.refi;
  return (around + t.rfc_bank) / (static_cast<double>(t.refi_bank) * card.refresh_turns());
}

DramEstimate estimate_runs(const DramCard& card, double run_bytes) {
  const double bursts = std::clamp(std::ceil(run_bytes / card.organization.atom_bytes()), 1.0,
                                   std::ldexp(1.0, most_bits));
  const auto bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(bursts))) - 1;
  return estimate_of(card, AddressMapping(card), bits);
}

std::vector<DramEstimate> estimate_runs_by_bursts(const DramCard& card) {
  const AddressMapping mapping(card);
  std::vector<DramEstimate> estimates;
  for (int bits = 0; bits <= most_bits; ++bits)
    estimates.push_back(estimate_of(card, mapping, bits));
  return estimates;
}

}  // namespace lightloom::memory

#include "cosim/visits/dram_traffic.hpp"

#include <algorithm>
#include <cmath>

#include "memory/traffic/dram_estimate.hpp"

namespace lightloom::cosim {

StoredBits stored_bits(const CostLayer& layer) {
  StoredBits bits;
  const bool generated = layer.way == WeightDelivery::regenerate;
  if (!generated && layer.takes_work()) {
    bits.tile = static_cast<double>(layer.shape.weights()) * layer.reload_bits;
    return bits;
  }
  for (const nn::StoredStream& stream : layer.streams) {
    const double amount = static_cast<double>(stream.count) * stream.bits;
    if (generated && stream.name == "basis") {
      bits.layer += amount;
    } else if (generated && stream.name == "intra") {
      bits.column_tile += amount;
    } else if (generated && stream.name == "cross") {
      bits.row_tile += amount;
    } else {
      bits.tile += amount;
    }
  }
  return bits;
}

namespace {

/// Rounded up, but for the rounding of shares, which must not cost a burst.
double whole_bursts(double bursts) { return std::ceil(bursts * (1 - 1e-12)); }

}  // namespace

RunCosts::RunCosts(const memory::DramCard& card)
    : atom_(card.organization.atom_bytes()), clock_ns_(card.clock_ns) {
  for (const memory::DramEstimate& estimate : memory::estimate_runs_by_bursts(card))
    rates_.push_back({estimate.cycles_per_request, 1 - estimate.row_hit_share});
}

/// At the rate of runs of a power of two of bursts that are no longer.
RunCosts::RunCost RunCosts::at_rate(double bursts) const {
  const auto longest = static_cast<int>(rates_.size()) - 1;
  const Rate& rate = rates_[static_cast<std::size_t>(std::clamp(std::ilogb(bursts), 0, longest))];
  return {bursts * rate.cycles * clock_ns_, bursts * rate.misses};
}

RunCosts::RunCost RunCosts::of(double bursts) const {
  const RunCost own = at_rate(bursts), next = at_rate(std::exp2(std::ceil(std::log2(bursts))));
  return {std::min(own.ns, next.ns), std::min(own.activates, next.activates)};
}

BurstMeter::BurstMeter(const RunCosts& runs, double run_bytes, double bandwidth_scale)
    : atom_(runs.atom_bytes()) {
  const double bursts = std::max(1.0, whole_bursts(run_bytes / atom_));
  const RunCosts::RunCost run = runs.of(bursts);
  byte_ns_ = run.ns / std::max(run_bytes, 1.0) / bandwidth_scale;
  activates_per_burst_ = run.activates / bursts;
}

[[gnu::noinline]] double BurstMeter::ns_of(double bytes) const { return bytes * byte_ns_; }

double BurstMeter::bursts() const { return whole_bursts(bytes_ / atom_); }

}  // namespace lightloom::cosim

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

/// Time and activations of a run. The closed form knows runs of a power of two of bursts: one in
/// between takes its own bursts at the rate of the next shorter one, or all bursts of the next
/// longer one, whichever is less. So no run takes longer than a longer one.
struct RunCost {
  double ns = 0, activates = 0;
};

RunCost run_cost(const memory::DramCard& card, double bursts) {
  const double atom = card.organization.atom_bytes();
  const double longer = std::exp2(std::ceil(std::log2(bursts)));
  const auto of = [&](double run) {
    const memory::DramEstimate estimate = memory::estimate_runs(card, run * atom);
    return RunCost{run * estimate.cycles_per_request * card.clock_ns,
                   run * (1 - estimate.row_hit_share)};
  };
  const RunCost own = of(bursts), next = of(longer);
  return {std::min(own.ns, next.ns), std::min(own.activates, next.activates)};
}

}  // namespace

BurstMeter::BurstMeter(const memory::DramCard& card, double run_bytes, double bandwidth_scale)
    : atom_(card.organization.atom_bytes()) {
  const double bursts = std::max(1.0, whole_bursts(run_bytes / atom_));
  const RunCost run = run_cost(card, bursts);
  byte_ns_ = run.ns / std::max(run_bytes, 1.0) / bandwidth_scale;
  activates_per_burst_ = run.activates / bursts;
}

[[gnu::noinline]] double BurstMeter::ns_of(double bytes) const { return bytes * byte_ns_; }

void BurstMeter::take(double bytes) {
  if (bytes == 0) return;
  bytes_ += bytes;
  bursts_ = whole_bursts(bytes_ / atom_);
}

}  // namespace lightloom::cosim

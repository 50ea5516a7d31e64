#include "cosim/layers/dram_traffic.hpp"

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

BurstMeter::BurstMeter(const memory::DramCard& card, double run_bytes, double bandwidth_scale)
    : atom_(card.organization.atom_bytes()) {
  const memory::DramEstimate estimate = memory::estimate_runs(card, std::max(run_bytes, 1.0));
  burst_ns_ = estimate.cycles_per_request * card.clock_ns / bandwidth_scale;
  activates_per_burst_ = 1 - estimate.row_hit_share;
}

double BurstMeter::take_ns(double bytes) {
  bytes_ += bytes;
  const double before = bursts_;
  bursts_ = std::ceil(bytes_ / atom_ * (1 - 1e-12));  // rounding of shares must not cost a burst
  return (bursts_ - before) * burst_ns_;
}

}  // namespace lightloom::cosim

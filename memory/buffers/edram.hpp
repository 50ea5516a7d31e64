#pragma once

#include <span>

#include "memory/buffers/buffer_card.hpp"

namespace lightloom::memory {

/// Data in an eDRAM buffer: written at one time of the schedule, read for the last time at another.
struct StoredTensor {
  double bytes = 0;
  double written_ns = 0;
  double last_read_ns = 0;
  [[nodiscard]] double lifetime_ns() const { return last_read_ns - written_ns; }
};

/// What keeping tensors alive costs when the controller knows their lifetimes (RANA, Tu et al.,
/// ISCA 2018).
struct EdramRefresh {
  double refreshes = 0;     // of whole tensors, summed
  double energy_pJ = 0;     // bits n (e_read + e_write)
  double port_time_ns = 0;  // the array's ports are busy refreshing
  double longest_lifetime_ns = 0;
  double failed_bits = 0;  // expected, for data that are read once they leaked
};

/// Retention time at a temperature: the card's value (or its node's at 350 K) halves every 10 K.
double retention_ns(const BufferCard& card, double temperature_K = 350);

/// Refreshes a tensor needs: max(0, ceil(L / t_ret) - 1). Zero exactly while the lifetime does not
/// exceed the retention.
double refreshes_needed(double lifetime_ns, double retention_time_ns);

/// Lifetime-driven refresh of all tensors.
EdramRefresh lifetime_refresh(const BufferCard& card, std::span<const StoredTensor> tensors,
                              double temperature_K = 350);

/// Probability that a cell has lost its bit after `age_ns` without refresh: log-normal retention
/// whose nominal value is the quantile `weak_share` of the cells (default: one cell in a million),
/// spread `sigma` of ln t.
double failure_probability(double age_ns, double retention_time_ns, double sigma = 0.5,
                           double weak_share = 1e-6);

}  // namespace lightloom::memory

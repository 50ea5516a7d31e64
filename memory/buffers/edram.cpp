#include "memory/buffers/edram.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "memory/buffers/cacti_table.hpp"

namespace lightloom::memory {
namespace {

double normal_below(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

/// x with normal_below(x) = p, by bisection.
double normal_quantile(double p) {
  double low = -40, high = 40;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (normal_below(middle) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

void require_edram(const BufferCard& card) {
  require(card.kind == BufferKind::edram, "only an edram buffer is refreshed (this one is sram)");
}

}  // namespace

double retention_ns(const BufferCard& card, double temperature_K) {
  require_edram(card);
  const double nominal_us =
      edram_retention_us[0] +
      (edram_retention_us[1] - edram_retention_us[0]) * (45 - card.node_nm) / 13;
  const double at_350_us = card.retention_us > 0 ? card.retention_us : nominal_us;
  return at_350_us * 1e3 * std::exp2((350 - temperature_K) / 10);
}

double refreshes_needed(double lifetime_ns, double retention_time_ns) {
  return std::max(0.0, std::ceil(lifetime_ns / retention_time_ns) - 1);
}

EdramRefresh lifetime_refresh(const BufferCard& card, std::span<const StoredTensor> tensors,
                              double temperature_K) {
  const double retention = retention_ns(card, temperature_K);
  const BufferFigures figures = buffer_figures(card);
  EdramRefresh sum;
  for (const StoredTensor& tensor : tensors) {
    const double times = refreshes_needed(tensor.lifetime_ns(), retention);
    const double words = std::ceil(tensor.bytes / card.word_bytes);
    const double last_age = tensor.lifetime_ns() - times * retention;
    sum.refreshes += times;
    sum.energy_pJ += times * words * (figures.read_pJ + figures.write_pJ);
    sum.port_time_ns += times * words * figures.cycle_ns / (card.banks * card.ports);
    sum.longest_lifetime_ns = std::max(sum.longest_lifetime_ns, tensor.lifetime_ns());
    sum.failed_bits += tensor.bytes * 8 *
                       (times * failure_probability(retention, retention) +
                        failure_probability(last_age, retention));
  }
  return sum;
}

double failure_probability(double age_ns, double retention_time_ns, double sigma,
                           double weak_share) {
  if (age_ns <= 0) return 0;
  return normal_below(std::log(age_ns / retention_time_ns) / sigma + normal_quantile(weak_share));
}

}  // namespace lightloom::memory

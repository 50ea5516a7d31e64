#include "cosim/training/tier_cost.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "memory/buffers/edram.hpp"
#include "memory/dram/dram_energy.hpp"
#include "memory/traffic/dram_estimate.hpp"

namespace lightloom::cosim {
namespace {

constexpr double least_KB = 1.0 / 1024, most_KB = 1 << 20;

struct Warm {
  const memory::BufferCard& buffer;
  double temperature_K = 0;
};

/// Refreshes by lifetimes, and those of a controller that knows none.
void refresh_by_lives(const StepPlan& plan, const StepTimes& times, const Warm& edram,
                      TierCost& cost) {
  const memory::BufferCard& buffer = edram.buffer;
  const std::vector<memory::StoredTensor> tiles = step_tiles(plan, times);
  const memory::EdramRefresh refresh = memory::lifetime_refresh(buffer, tiles, edram.temperature_K);
  const memory::BufferFigures figures = memory::buffer_figures(buffer);
  cost.refreshes = refresh.refreshes;
  cost.refresh_pJ = refresh.energy_pJ;
  cost.longest_life_ns = refresh.longest_lifetime_ns;
  cost.failed_bits = refresh.failed_bits;
  cost.retention_ns = memory::retention_ns(buffer, edram.temperature_K);
  const double words = std::ceil(buffer.bytes() / buffer.word_bytes);
  cost.blind_refresh_pJ =
      times.time_ns() / cost.retention_ns * words * (figures.read_pJ + figures.write_pJ);
}

double area_at(memory::BufferCard buffer, double capacity_KB) {
  buffer.capacity_KB = capacity_KB;
  return memory::buffer_figures(buffer).area_mm2;
}

}  // namespace

DramBehind dram_behind(const memory::DramCard& card) {
  const memory::DramEnergy energy = memory::dram_energy(card);
  const double burst_pJ = (energy.read_pJ + energy.write_pJ) / 2 + energy.io_pJ;
  return {.GBps = memory::estimate_runs(card, 1e9).bandwidth_GBps,
          .pJ_per_byte = burst_pJ / card.organization.atom_bytes()};
}

TierCost tier_cost(const StepPlan& plan, const memory::BufferCard& buffer, const DramBehind& dram,
                   double temperature_K) {
  const StepTimes times = step_times(plan, {.bytes = buffer.bytes(), .dram_GBps = dram.GBps});
  const memory::BufferFigures figures = memory::buffer_figures(buffer);
  TierCost cost{.capacity_KB = buffer.capacity_KB,
                .area_mm2 = figures.area_mm2,
                .time_ns = times.time_ns(),
                .peak_bytes = times.peak_bytes,
                .buffer_bytes = times.buffer_read_bytes + times.buffer_write_bytes,
                .dram_bytes = times.dram_bytes};
  cost.access_pJ = memory::read_energy_pJ(buffer, figures, times.buffer_read_bytes) +
                   memory::write_energy_pJ(buffer, figures, times.buffer_write_bytes);
  cost.leakage_pJ = figures.leakage_mW * cost.time_ns;
  cost.dram_pJ = times.dram_bytes * dram.pJ_per_byte;
  if (buffer.kind == memory::BufferKind::edram)
    refresh_by_lives(plan, times, {buffer, temperature_K}, cost);
  return cost;
}

memory::BufferCard of_area(memory::BufferCard buffer, double area_mm2) {
  require(area_at(buffer, least_KB) <= area_mm2,
          "training_step.sram cannot be as small as the eDRAM of {:.4g} mm2 (give a larger buffer)",
          area_mm2);
  double low = least_KB, high = most_KB;
  for (int step = 0; step < 100; ++step) {
    const double middle = std::sqrt(low * high);
    (area_at(buffer, middle) <= area_mm2 ? low : high) = middle;
  }
  buffer.capacity_KB = low;
  return buffer;
}

}  // namespace lightloom::cosim

#include "cosim/training/step_schedule.hpp"

#include <algorithm>
#include <cassert>

namespace lightloom::cosim {
namespace {

/// The operations that write a map and read it for the last time; a map that nobody reads ends with
/// its writer.
struct MapUse {
  std::size_t written = 0, last_read = 0;
};

std::vector<MapUse> uses_of(const StepPlan& plan) {
  std::vector<MapUse> uses(plan.maps.size());
  for (std::size_t i = 0; i < plan.operations.size(); ++i) {
    for (const std::size_t map : plan.operations[i].writes) uses[map] = {i, i};
    for (const std::size_t map : plan.operations[i].reads) uses[map].last_read = i;
  }
  return uses;
}

/// Bytes of an operation's maps here (share of each map `on_chip`) and in DRAM.
struct MovedMaps {
  double here = 0, dram = 0;
};
MovedMaps moved_maps(const std::vector<std::size_t>& maps, const StepPlan& plan,
                     const std::vector<double>& on_chip) {
  MovedMaps sum;
  for (const std::size_t map : maps) {
    sum.here += plan.maps[map].bytes * on_chip[map];
    sum.dram += plan.maps[map].bytes * (1 - on_chip[map]);
  }
  return sum;
}

/// Gives every map the room that is left when it is written.
void place_step_maps(const StepPlan& plan, double room, StepTimes& times) {
  const std::vector<MapUse> uses = uses_of(plan);
  double here = 0, wanted = 0;
  for (std::size_t i = 0; i < plan.operations.size(); ++i) {
    for (const std::size_t map : plan.operations[i].writes) {
      if (plan.maps[map].off_chip) continue;
      const double bytes = plan.maps[map].bytes;
      times.on_chip[map] = bytes > 0 ? std::clamp((room - here) / bytes, 0.0, 1.0) : 1;
      here += bytes * times.on_chip[map];
      wanted += bytes;
    }
    times.peak_bytes = std::max(times.peak_bytes, wanted);
    for (std::size_t map = 0; map < uses.size(); ++map)
      if (uses[map].last_read == i && !plan.maps[map].off_chip) {
        here -= plan.maps[map].bytes * times.on_chip[map];
        wanted -= plan.maps[map].bytes;
      }
  }
}

}  // namespace

std::size_t StepPlan::add_map(const std::string& name, double bytes) {
  maps.push_back({.name = name, .bytes = bytes});
  return maps.size() - 1;
}

std::size_t StepPlan::add_off_chip(const std::string& name, double bytes) {
  maps.push_back({.name = name, .bytes = bytes, .off_chip = true});
  return maps.size() - 1;
}

double StepPlan::macs(StepPhase phase) const {
  double sum = 0;
  for (const StepOperation& operation : operations)
    if (operation.phase == phase) sum += operation.macs;
  return sum;
}

StepTimes step_times(const StepPlan& plan, const StepRoom& room) {
  assert(room.dram_GBps > 0);
  StepTimes times{.start_ns = {}, .end_ns = {}, .on_chip = std::vector<double>(plan.maps.size())};
  place_step_maps(plan, room.bytes, times);
  double now = 0;
  for (const StepOperation& operation : plan.operations) {
    const MovedMaps read = moved_maps(operation.reads, plan, times.on_chip),
                    written = moved_maps(operation.writes, plan, times.on_chip);
    const double dram = read.dram + written.dram;
    times.start_ns.push_back(now);
    now += std::max(operation.core_ns, dram / room.dram_GBps);
    times.end_ns.push_back(now);
    times.buffer_read_bytes += read.here;
    times.buffer_write_bytes += written.here;
    times.dram_bytes += dram;
  }
  return times;
}

std::vector<memory::StoredTensor> step_tiles(const StepPlan& plan, const StepTimes& times) {
  const std::vector<MapUse> uses = uses_of(plan);
  const auto at = [&](std::size_t operation, double share) {
    const double start = times.start_ns[operation];
    return start + (times.end_ns[operation] - start) * share;
  };
  const bool by_images = plan.order == StepOrder::images;
  std::vector<memory::StoredTensor> tiles;
  for (std::size_t map = 0; map < plan.maps.size(); ++map) {
    const double bytes = plan.maps[map].bytes * times.on_chip[map] / plan.images;
    if (!(bytes > 0)) continue;
    for (int image = 0; image < plan.images; ++image) {
      const double begins = by_images ? 1.0 * image / plan.images : 0,
                   ends = by_images ? (image + 1.0) / plan.images : 1;
      tiles.push_back({bytes, at(uses[map].written, begins), at(uses[map].last_read, ends)});
    }
  }
  return tiles;
}

double peak_bytes(const StepPlan& plan) {
  StepTimes times{.start_ns = {}, .end_ns = {}, .on_chip = std::vector<double>(plan.maps.size())};
  place_step_maps(plan, 0, times);
  return times.peak_bytes;
}

}  // namespace lightloom::cosim

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "memory/buffers/edram.hpp"

// The schedule of one training step on a core: which product writes and reads which map, when, and
// how long each image's share of a map so lives in an on-chip buffer (CAMEL, Zhang et al., HPCA
// 2024, arXiv 2305.03148; docs/models/cosim/training-step.md).

namespace lightloom::cosim {

enum class StepPhase { forward, recompute, backward };

/// What a layer's maps are for, forward or backward.
struct StepMap {
  std::string name;
  double bytes = 0;       // of the batch
  bool off_chip = false;  // lies in DRAM from the start
};

/// What a core takes one after the other: images, each through all tiles of a layer; or tiles of
/// weights, each of which sees all images.
enum class StepOrder { images, tiles };

/// A product (or sum) over the images of the batch.
struct StepOperation {
  std::string name;
  StepPhase phase = StepPhase::forward;
  double macs = 0;                             // of the batch
  double core_ns = 0;                          // with nothing to wait for
  std::vector<std::size_t> reads{}, writes{};  // numbers of maps
};

/// Operations in the order in which they run. Maps are written once, before they are read.
struct StepPlan {
  int images = 1;  // of the batch
  StepOrder order = StepOrder::tiles;
  std::vector<StepMap> maps;
  std::vector<StepOperation> operations;

  std::size_t add_map(const std::string& name, double bytes);
  std::size_t add_off_chip(const std::string& name, double bytes);
  [[nodiscard]] double macs(StepPhase phase) const;
};

/// When operations begin and end, and what of a map is on chip. A map that finds no room when it is
/// written lies in DRAM, as far as it does not fit; an operation takes the longer of its core's
/// time and that of what it moves from and to DRAM.
struct StepTimes {
  std::vector<double> start_ns, end_ns;  // of operations
  std::vector<double> on_chip;           // share of each map
  double peak_bytes = 0;                 // that want to be on chip at once
  double buffer_read_bytes = 0, buffer_write_bytes = 0, dram_bytes = 0;
  [[nodiscard]] double time_ns() const { return end_ns.empty() ? 0 : end_ns.back(); }
};

/// What a step has for its maps.
struct StepRoom {
  double bytes = 0;      // of the buffer
  double dram_GBps = 0;  // behind it; above 0
};
StepTimes step_times(const StepPlan& plan, const StepRoom& room);

/// Every image's share of every map in the buffer: written when the first of its numbers is, read
/// for the last time when the last reader is done with the image. By images, image b of B takes an
/// operation from b/B to (b + 1)/B of its time, by tiles all of it.
std::vector<memory::StoredTensor> step_tiles(const StepPlan& plan, const StepTimes& times);

/// Bytes of all maps that are alive while an operation runs, at most.
double peak_bytes(const StepPlan& plan);

}  // namespace lightloom::cosim

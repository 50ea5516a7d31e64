#pragma once

#include <cstddef>
#include <string_view>

#include "core/enum_array.hpp"
#include "cosim/schedule/tile_schedule.hpp"

namespace lightloom::cosim {

/// What gives a stage its time: the slowest of what works at once, and what follows it.
enum class TimePart {
  core,               // symbols
  activation_buffer,  // feature maps and partial sums
  weight_buffer,
  tile_buffer,
  generator,
  settings,         // the digital unit works settings out
  programming,      // and they are written and settle
  post_processing,  // the digital unit between the layers
  dram,             // bursts, at the bandwidth of their runs
  dram_latency,     // of the very first access
  dram_turnaround,  // idle bus between reading and writing
  weight_path,      // transfers of weights to a core that has a path of its own for them
  count,
};
std::string_view part_name(TimePart part);

using PartTimes = EnumArray<TimePart, double>;  // ns
double total(const PartTimes& times);
TimePart largest(const PartTimes& times);
void add(PartTimes& sum, const PartTimes& times);

/// Whether a piece is not its core's own: computing takes the longer of the core's time and that of
/// the buffer it streams from.
inline bool is_stream(Stage stage, TimePart part) {
  return stage == Stage::compute && part == TimePart::activation_buffer;
}

/// A piece of one stage's service time. The pieces of a tile's stage add up to it; of a computation
/// those of its core, or those of its stream.
struct TimePiece {
  std::size_t tile = 0;
  Stage stage = Stage::compute;
  TimePart part = TimePart::core;
  double ns = 0;
};

}  // namespace lightloom::cosim

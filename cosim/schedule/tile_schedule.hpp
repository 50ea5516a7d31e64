#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/enum_array.hpp"

namespace lightloom::cosim {

/// What happens to a tile. The fetches and the write-back share one DRAM; the others are units of
/// their own, but all cores stream from one buffer.
enum class Stage {
  fetch_weights,  // stored words from DRAM to the weight buffer
  fetch_inputs,   // activations that are not on chip
  generate,
  decompose,     // weights to device settings
  program,       // write the settings and let them settle
  compute,       // stream the activations through the core
  post_process,  // normalise, activate, pool and add on the digital unit
  write_back,    // outputs that do not stay on chip
  count,
};
std::string_view stage_name(Stage stage);

/// Service times of one tile, in ns.
using StageTimes = EnumArray<Stage, double>;

/// Where a stage's time went. The eight parts add up to the whole time.
struct StageUse {
  double busy = 0;
  double wait_data = 0;        // the stage before had not finished the tile
  double wait_slot = 0;        // no free place behind the stage
  double wait_dependency = 0;  // waits_for
  double wait_shared = 0;      // another stage, or another core, held the unit they share
  double wait_turn = 0;        // and that unit changed its direction
  double before_first = 0;     // fill
  double after_last = 0;       // drain
  [[nodiscard]] double sum() const {
    return busy + wait_data + wait_slot + wait_dependency + wait_shared + wait_turn + before_first +
           after_last;
  }
};

/// Places behind the stages, in tiles. A place is free again when the next stage has finished its
/// tile.
struct BufferPlaces {
  int weights = 2;  // in the weight buffer
  int tiles = 2;    // regenerated tiles before and after decomposition
  int settings =
      1;  // 1: the core is written when it is idle; 2: a shadow set is written while it computes
  int inputs = 2;   // chunks of activations read ahead
  int outputs = 2;  // chunks of results not written yet
  friend auto operator<=>(const BufferPlaces&, const BufferPlaces&) = default;
};

/// How far the DRAM's reads run ahead of the computation, in tiles. Results of tile k are written
/// once it has been computed; before them go the inputs up to tile k + inputs_ahead, behind them
/// the weights of tile k + weights_ahead.
struct DramOrder {
  int weights_ahead = 2;  // at least 2
  int inputs_ahead = 1;   // at least 1
  friend bool operator==(const DramOrder&, const DramOrder&) = default;
};

struct ScheduleInput {
  std::vector<StageTimes> tiles;  // in order of execution
  std::vector<std::int64_t>
      input_after;  // (tiles): the inputs are outputs that tile input_after[k] < k writes back; -1
  std::vector<double> streams;  // (tiles): the buffer that all cores stream from is taken for so
                                // long, beside the core's own time, tile after tile. Empty: never
  BufferPlaces places;
  int cores =
      1;  // equal cores; tile k runs on core k mod cores, each with programming lanes of its own
  std::vector<std::int64_t>
      layer_starts;        // (tiles): first tile of the tile's layer; all cores finish
                           // a layer before the next one computes. Empty: one layer
  bool generates = false;  // the stages generate and decompose exist
  bool decomposes = false;
  bool post_processes = false;
  double direction_change_ns = 0;  // DRAM between reading and writing
  std::optional<DramOrder> order;  // of the DRAM, if the places allow it; none: the best
};

/// The DRAM changed its direction before a job of a tile.
struct Turnaround {
  std::int64_t tile = 0;
  double ns = 0;
};

/// When the jobs of a tile end, of the stages that are there. Nothing is set before it is worked
/// out.
struct TileEnds {
  std::array<double, StageTimes::size()> by_stage;
  double& operator[](Stage stage) { return by_stage[static_cast<std::size_t>(stage)]; }
  double operator[](Stage stage) const { return by_stage[static_cast<std::size_t>(stage)]; }
};

struct ScheduleResult {
  double total = 0;
  EnumArray<Stage, StageUse> stages;   // program and compute: mean over the cores
  std::vector<TileEnds> ends;          // by tile
  std::vector<std::uint8_t> streamed;  // by tile, 1: its stream ended later than its core's time
  std::vector<StageTimes>
      critical;  // time on the critical path: the service time or 0; sums to total less `turning`
  std::vector<bool> critical_streams;  // by tile: that of compute is its stream's
  double turning = 0;                  // direction changes on the critical path
  std::vector<Turnaround> turns;       // each of them
};

/// Schedules the tiles: every unit takes its jobs in order of tiles, the DRAM in the best of the
/// orders that the places allow (cosim/schedule/dram_order.hpp), and a job starts as soon as its
/// data, its place and its unit are there. For a given order the ends are sums and maxima of the
/// times, and the orders do not depend on times: so no shorter time and no further place of any
/// kind ever makes the total longer. O(tiles) for each order.
ScheduleResult run_schedule(const ScheduleInput& input);

}  // namespace lightloom::cosim

#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "cosim/schedule/dram_order.hpp"
#include "cosim/schedule/tile_schedule.hpp"

namespace lightloom::cosim {

/// The schedule in which the DRAM takes its tasks in a given order, waiting for the next one where
/// that is not ready: max-plus recurrences over tiles and stages, for one order after the other. A
/// job is worked out when another asks for its end. `input` must outlive it.
class OrderTimes {
 public:
  explicit OrderTimes(const ScheduleInput& input);
  OrderTimes(const OrderTimes&) = delete;  // its lines refer to one another
  OrderTimes& operator=(const OrderTimes&) = delete;

  /// The total in the order of `tasks` (dram_tasks); infinite as soon as it must exceed `limit`.
  double in_order(std::span<const DramTask> tasks,
                  double limit = std::numeric_limits<double>::infinity());

  /// When the jobs of a stage end in the order tried last, if that was tried without a limit: by
  /// tile, with zeros before the first as far back as any job looks.
  [[nodiscard]] const double* ends(Stage stage) const { return lines_[stage].ends; }
  /// When the buffer that all cores stream from has served a tile and those before it.
  [[nodiscard]] double streamed(std::int64_t tile) const {
    return tile < 0 ? 0 : streamed_[static_cast<std::size_t>(tile)];
  }

 private:
  /// The jobs of one stage, tile by tile. On the way of the weights they need the stage before them
  /// and a place, free once the stage behind has left it.
  struct Line {
    bool present = false;
    std::int64_t next = 0;   // the first tile that is not worked out
    std::int64_t units = 1;  // tile k follows tile k - units
    std::int64_t room = 0;   // places behind the stage
    Line *before = nullptr, *behind = nullptr;
    const double* times = nullptr;
    double* ends = nullptr;  // before them zeros, the ends of tiles before the first
  };

  void restart();
  [[nodiscard]] std::int64_t next_transfer(Stage stage, std::int64_t from) const;
  [[nodiscard]] bool can_pass(std::int64_t tile) const;
  void pass(std::int64_t tile);
  void advance(Line& own, std::int64_t end);
  double ready(Stage stage, std::int64_t tile);
  double computed(std::int64_t tile, double start);
  double layer_before_left(std::int64_t tile);
  double total();

  /// The end of a job, worked out where it is not yet.
  double end_of(Line& line, std::int64_t tile) {
    if (line.next <= tile) advance(line, tile + 1);
    return line.ends[tile];
  }
  [[nodiscard]] std::int64_t input_after(std::int64_t tile) const {
    return input_.input_after.empty() ? -1 : input_.input_after[static_cast<std::size_t>(tile)];
  }

  const ScheduleInput& input_;
  std::int64_t tiles_;
  EnumArray<Stage, Line> lines_;
  std::vector<double> times_, ends_;         // of all lines
  EnumArray<Stage, std::int64_t> unserved_;  // the first tile whose transfer is still to come
  std::int64_t passed_ = 0;                  // tiles that have been through all stages
  std::int64_t layer_first_ = -1;            // of the layer in hand
  double layer_ready_ = 0;                   // when the one before it has left the units
  double stream_free_ = 0;
  std::vector<double> streamed_;  // by tile, where anything streams
};

}  // namespace lightloom::cosim

#pragma once

#include <cstdint>
#include <limits>
#include <memory>
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
  /// The total if the DRAM served all that is ready at once: to the bit no more than that of any
  /// order. `tasks`: of one of them.
  double at_once(std::span<const DramTask> tasks);

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
    std::int64_t next = 0;    // the first tile that is not worked out
    std::int64_t served = 0;  // the first whose transfer by the DRAM is still to come
    std::int64_t units = 1;   // tile k follows tile k - units
    std::int64_t room = 0;    // places behind the stage
    Line *before = nullptr, *behind = nullptr;
    const StageTimes* tiles = nullptr;
    double* ends = nullptr;  // before them zeros, the ends of tiles before the first
    Stage stage = Stage::compute;

    [[nodiscard]] double time(std::int64_t tile) const { return tiles[tile][stage]; }
  };
  /// Tasks of the DRAM that are still to be served.
  struct Queue {
    std::span<const DramTask> tasks;
    double turn_ns = 0;  // between reading and writing
    double limit = 0;
    bool one_by_one = true;
    std::size_t next = 0;
    double free = 0, left = 0;  // when the DRAM is free, and what it has to do from then on
    bool writing = false;

    /// But for what rounding adds to sums of a million times.
    [[nodiscard]] bool exceeds() const { return (free + left) * (1 - 1e-9) > limit; }
  };

  double run(Queue queue);
  template <bool generates, bool decomposes, bool posts>
  bool serve_all(Queue& queue);
  bool serve(Queue& queue);
  double transfer_ready(const Line& own, std::int64_t tile);
  template <bool generates, bool decomposes, bool posts>
  void pass(std::int64_t tile);
  void restart();
  [[nodiscard]] std::int64_t next_transfer(const Line& line, std::int64_t from) const;
  void advance(Line& own, std::int64_t end);
  double ready(const Line& own, std::int64_t tile);
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
  std::unique_ptr<double[]> ends_;  // of all lines
  std::int64_t layer_first_ = -1;   // of the layer in hand
  double layer_ready_ = 0;          // when the one before it has left the units
  double stream_free_ = 0;
  std::vector<double> streamed_;  // by tile, where anything streams
};

}  // namespace lightloom::cosim

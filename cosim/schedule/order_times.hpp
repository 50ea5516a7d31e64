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

  /// The total in the order of `tasks` (dram_tasks); infinite as soon as it must exceed `limit`.
  double in_order(std::span<const DramTask> tasks,
                  double limit = std::numeric_limits<double>::infinity());
  /// The total if the DRAM served all that is ready at once: to the bit no more than that of any
  /// order. `tasks`: of one of them.
  double at_once(std::span<const DramTask> tasks);

  /// Keeps the schedule in the order tried last, whose total was finite: that is what the following
  /// show, whatever is tried meanwhile.
  void keep();
  /// When the jobs of the tiles end.
  [[nodiscard]] std::span<const TileEnds> ends() const {
    return {kept_.ends.get() + before_, static_cast<std::size_t>(tiles_)};
  }
  /// Tiles before the first that jobs look at, whose ends are zeros.
  [[nodiscard]] std::int64_t tiles_before() const { return before_; }
  /// When the buffer that all cores stream from has served a tile and those before it.
  [[nodiscard]] double streamed(std::int64_t tile) const {
    return tile < 0 ? 0 : kept_.streamed[static_cast<std::size_t>(tile)];
  }

 private:
  template <bool generates, bool decomposes, bool posts>
  friend class OrderRun;

  /// How the DRAM works off its tasks.
  struct Service {
    std::span<const DramTask> tasks;
    double limit = std::numeric_limits<double>::infinity();
    bool one_by_one = true;
  };
  double run(const Service& service);

  struct Ends {
    std::unique_ptr<TileEnds[]> ends;    // by tile, behind `before_` of zeros
    std::unique_ptr<double[]> streamed;  // by tile, where anything streams
  };
  [[nodiscard]] Ends no_ends() const;

  const ScheduleInput& input_;
  std::int64_t tiles_, before_;
  Ends tried_, kept_;
  double transfers_ns_ = 0;  // of the DRAM
};

}  // namespace lightloom::cosim

#include "cosim/schedule/dram_order.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

namespace lightloom::cosim {
namespace {

/// One of the DRAM's three streams of tasks, each in order of tiles.
class TaskStream {
 public:
  TaskStream(const ScheduleInput& input, Stage stage, DramOrder order)
      : input_(input), stage_(stage), order_(order) {
    skip_empty();
  }

  [[nodiscard]] bool done() const { return tile_ >= tiles(); }
  [[nodiscard]] DramTask task() const { return {stage_, tile_}; }

  /// Tile whose computation lets the task go, and what goes first among equals.
  [[nodiscard]] std::pair<std::int64_t, int> rank() const {
    if (stage_ == Stage::write_back) return {tile_, 1};
    if (stage_ == Stage::fetch_weights)
      return {std::max<std::int64_t>(-1, tile_ - order_.weights_ahead), 3};
    const std::int64_t ahead = std::max<std::int64_t>(-1, tile_ - order_.inputs_ahead);
    return after_ >= ahead && after_ >= 0 ? std::pair{after_, 2} : std::pair{ahead, 0};
  }

  void next() {
    ++tile_;
    skip_empty();
  }

 private:
  [[nodiscard]] std::int64_t tiles() const {
    return static_cast<std::int64_t>(input_.tiles.size());
  }
  void skip_empty() {
    for (; !done(); ++tile_) {
      const auto k = static_cast<std::size_t>(tile_);
      if (!input_.input_after.empty()) after_ = std::max(after_, input_.input_after[k]);
      if (input_.tiles[k][stage_] > 0) return;
    }
  }

  const ScheduleInput& input_;
  Stage stage_;
  DramOrder order_;
  std::int64_t tile_ = 0;
  std::int64_t after_ = -1;  // tile whose results this one and those before it wait for
};

/// Tiles ahead: a little more than a round of the cores, then 2, 3, 4, 6, 8, 12, ... rounds.
std::vector<int> weight_distances(int cores, std::int64_t most) {
  std::vector<int> distances{cores + 1};
  for (int rounds = 2; rounds <= 64 && std::int64_t{rounds} * cores <= most; rounds *= 2)
    for (const int distance : {rounds * cores, (rounds + rounds / 2) * cores})
      if (distance > cores + 1 && distance <= most) distances.push_back(distance);
  return distances;
}

}  // namespace

std::vector<DramTask> dram_tasks(const ScheduleInput& input, DramOrder order) {
  std::array<TaskStream, 3> streams{TaskStream(input, Stage::fetch_inputs, order),
                                    TaskStream(input, Stage::write_back, order),
                                    TaskStream(input, Stage::fetch_weights, order)};
  std::vector<DramTask> tasks;
  while (true) {
    TaskStream* first = nullptr;
    for (TaskStream& stream : streams)
      if (!stream.done() && (first == nullptr || stream.rank() < first->rank())) first = &stream;
    if (first == nullptr) return tasks;
    tasks.push_back(first->task());
    first->next();
  }
}

std::vector<DramOrder> possible_orders(const ScheduleInput& input) {
  const BufferPlaces& places = input.places;
  const int made = (input.generates ? 1 : 0) + (input.decomposes ? 1 : 0);
  const std::int64_t furthest = std::int64_t{places.weights} + std::int64_t{made} * places.tiles +
                                std::int64_t{places.settings} * input.cores;
  std::vector<DramOrder> orders;
  for (int rounds = 1; rounds == 1 || (rounds * input.cores <= places.inputs && rounds <= 4);
       rounds *= 2)
    for (const int weights : weight_distances(input.cores, furthest))
      if (rounds == 1 || weights >= 3 * input.cores)
        orders.push_back({weights, std::min(rounds * input.cores, places.inputs)});
  return orders;
}

}  // namespace lightloom::cosim

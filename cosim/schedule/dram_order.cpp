#include "cosim/schedule/dram_order.hpp"

#include <algorithm>
#include <limits>

namespace lightloom::cosim {
namespace {

/// Of tasks the one with the lower rank goes first: the tile whose computation lets it go, and
/// among equals inputs, results, inputs that wait for these results, and weights.
constexpr std::int64_t ranks_a_tile = 4, all_served = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t rank(std::int64_t tile, int among_equals) {
  return tile * ranks_a_tile + among_equals;
}

std::int64_t ahead(std::int64_t tile, int tiles) {
  return std::max<std::int64_t>(-1, tile - tiles);
}

/// The first tile whose weights come behind a task of that rank: weights of a tile that is let go
/// with the task do. Before anything has been computed none come first.
std::int64_t first_weights_behind(std::int64_t other, int weights_ahead) {
  if (other == all_served) return all_served;
  return other < 0 ? 0 : other / ranks_a_tile + weights_ahead;
}

/// Tiles ahead: a little more than a round of the cores, then 2, 3, 4, 6, 8, 12, ... rounds.
std::vector<int> weight_distances(int cores, std::int64_t most) {
  std::vector<int> distances{cores + 1};
  for (int rounds = 2; rounds <= 64 && std::int64_t{rounds} * cores <= most; rounds *= 2)
    for (const int distance : {rounds * cores, (rounds + rounds / 2) * cores})
      if (distance > cores + 1 && distance <= most) distances.push_back(distance);
  return distances;
}

}  // namespace

DramTasks::DramTasks(const ScheduleInput& input)
    : inputs_(input.tiles.size()), results_(input.tiles.size()), weights_(input.tiles.size()) {
  DramTransfer *inputs = inputs_.data(), *results = results_.data(), *weights = weights_.data();
  std::int32_t number = 0;
  for (const StageTimes& times : input.tiles) {
    inputs->tile = results->tile = weights->tile = number++;  // for good if it takes time
    inputs += times[Stage::fetch_inputs] > 0 ? 1 : 0;
    results += times[Stage::write_back] > 0 ? 1 : 0;
    weights += times[Stage::fetch_weights] > 0 ? 1 : 0;
  }
  inputs_.resize(static_cast<std::size_t>(inputs - inputs_.data()));
  results_.resize(static_cast<std::size_t>(results - results_.data()));
  weights_.resize(static_cast<std::size_t>(weights - weights_.data()));
  // What the inputs of a tile wait for, those of later tiles wait for too.
  std::int64_t after = -1;
  std::size_t tile = 0;
  for (DramTransfer& transfer : inputs_) {
    for (; !input.input_after.empty() && static_cast<std::int64_t>(tile) <= transfer.tile; ++tile)
      after = std::max(after, input.input_after[tile]);
    transfer.after = static_cast<std::int32_t>(after);
  }
}

std::vector<DramTask> DramTasks::in(DramOrder order) const {
  std::vector<DramTask> tasks(inputs_.size() + results_.size() + weights_.size());
  DramTask* task = tasks.data();
  auto input = inputs_.begin(), result = results_.begin(), weight = weights_.begin();
  const auto input_rank = [&] {
    if (input == inputs_.end()) return all_served;
    const std::int64_t before = ahead(input->tile, order.inputs_ahead);
    return input->after >= before && input->after >= 0 ? rank(input->after, 2) : rank(before, 0);
  };
  const auto result_rank = [&] {
    return result == results_.end() ? all_served : rank(result->tile, 1);
  };
  while (task != tasks.data() + tasks.size()) {
    const std::int64_t of_input = input_rank(), next = std::min(of_input, result_rank()),
                       behind = first_weights_behind(next, order.weights_ahead);
    for (; weight != weights_.end() && weight->tile < behind; ++weight)
      *task++ = {Stage::fetch_weights, weight->tile};
    if (next == all_served) continue;
    *task++ = of_input == next ? DramTask{Stage::fetch_inputs, (input++)->tile}
                               : DramTask{Stage::write_back, (result++)->tile};
  }
  return tasks;
}

std::vector<DramTask> dram_tasks(const ScheduleInput& input, DramOrder order) {
  return DramTasks(input).in(order);
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

bool has_its_order(const ScheduleInput& input) {
  if (!input.order) return false;
  const std::vector<DramOrder> orders = possible_orders(input);
  return std::find(orders.begin(), orders.end(), *input.order) != orders.end();
}

}  // namespace lightloom::cosim

#include "cosim/schedule/order_times.hpp"

#include <algorithm>
#include <cassert>

#include "cosim/schedule/schedule_needs.hpp"

namespace lightloom::cosim {

namespace {

constexpr double endless = std::numeric_limits<double>::infinity();

double max_of(double a, double b, double c) { return std::max(a, std::max(b, c)); }

}  // namespace

OrderTimes::OrderTimes(const ScheduleInput& input)
    : input_(input),
      tiles_(static_cast<std::int64_t>(input.tiles.size())),
      streamed_(input.streams.size()) {
  const EnumArray<Stage, std::vector<Need>> needs = needs_of(input);
  std::int64_t furthest = 1;
  for (const Stage stage : all_of_enum<Stage>()) {
    Line& own = lines_[stage];
    own.stage = stage;
    own.tiles = input.tiles.data();
    if (needs[stage].empty()) continue;
    own.present = true;
    own.before = &lines_[needs[stage].front().stage];
    own.behind = &lines_[needs[stage].back().stage];
    // What lies so far back is never there.
    own.units = std::min(units_of(input, stage), tiles_);
    own.room = std::min(needs[stage].back().tiles_before, tiles_);
    furthest = std::max({furthest, own.units, own.room});
  }
  const std::int64_t length = furthest + tiles_;
  // Ends are worked out before they are read: only those of tiles before the first are zeros.
  ends_ = std::make_unique_for_overwrite<double[]>(StageTimes::size() *
                                                   static_cast<std::size_t>(length));
  for (const Stage stage : all_of_enum<Stage>()) {
    double* first = ends_.get() + static_cast<std::int64_t>(stage) * length;
    std::fill_n(first, lines_[stage].present ? furthest : length, 0.0);
    lines_[stage].ends = first + furthest;
  }
}

inline std::int64_t OrderTimes::next_transfer(const Line& line, std::int64_t from) const {
  while (from < tiles_ && !(line.time(from) > 0)) ++from;
  return from;
}

/// When the computation of a tile ends: with its core's symbols or, once the buffer has served the
/// tiles before, its stream.
inline double OrderTimes::computed(std::int64_t tile, double start) {
  const double end = start + lines_[Stage::compute].time(tile);
  if (input_.streams.empty()) return end;
  const double ns = input_.streams[static_cast<std::size_t>(tile)];
  if (ns > 0) stream_free_ = std::max(start, stream_free_) + ns;
  streamed_[static_cast<std::size_t>(tile)] = stream_free_;
  return ns > 0 ? std::max(end, stream_free_) : end;
}

inline double OrderTimes::layer_before_left(std::int64_t tile) {
  if (input_.layer_starts.empty()) return 0;
  const std::int64_t first = input_.layer_starts[static_cast<std::size_t>(tile)];
  if (first == layer_first_) return layer_ready_;
  layer_first_ = first;
  if (input_.post_processes) return layer_ready_ = end_of(lines_[Stage::post_process], first - 1);
  const Line& cores = lines_[Stage::compute];
  return layer_ready_ = *std::max_element(cores.ends + first - cores.units, cores.ends + first);
}

/// Works out the jobs of a tile that are not yet, once all tiles before have passed: advance()
/// without its questions.
template <bool generates, bool decomposes, bool posts>
void OrderTimes::pass(std::int64_t k) {
  const auto take = [k](Line& own, double start) {
    own.ends[k] = start + own.time(k);
    own.next = k + 1;
  };
  const auto unit = [k](const Line& own) { return own.ends[k - own.units]; };
  const auto place = [k](const Line& own) { return own.behind->ends[k - own.room]; };
  const auto make = [&](Line& own) {
    if (own.next == k) take(own, max_of(unit(own), own.before->ends[k], place(own)));
  };
  Line &weights = lines_[Stage::fetch_weights], &inputs = lines_[Stage::fetch_inputs],
       &cores = lines_[Stage::compute], &post = lines_[Stage::post_process],
       &results = lines_[Stage::write_back];
  if (weights.next == k) take(weights, std::max(unit(weights), place(weights)));
  if constexpr (generates) make(lines_[Stage::generate]);
  if constexpr (decomposes) make(lines_[Stage::decompose]);
  make(lines_[Stage::program]);
  if (inputs.next == k) take(inputs, ready(inputs, k));
  if (cores.next == k) {
    const double start =
        std::max(max_of(unit(cores), cores.before->ends[k], inputs.ends[k]),
                 std::max(end_of(*cores.behind, k - cores.room), layer_before_left(k)));
    cores.ends[k] = computed(k, start);
    cores.next = k + 1;
  }
  if constexpr (posts)
    if (post.next == k)
      take(post, max_of(unit(post), cores.ends[k], end_of(results, k - post.room)));
  if (results.next == k && k < results.served)
    take(results, std::max(unit(results), results.before->ends[k]));
}

/// When the DRAM could begin a transfer of its own stage's next tile.
inline double OrderTimes::transfer_ready(const Line& own, std::int64_t tile) {
  const double before = own.ends[tile - 1];
  if (own.stage == Stage::write_back) return std::max(before, end_of(*own.before, tile));
  const double place = std::max(before, end_of(*own.behind, tile - own.room));
  if (own.stage == Stage::fetch_weights) return place;
  return std::max(place, end_of(lines_[Stage::write_back], input_after(tile)));
}

/// Serves the next task. Returns false where the total must now exceed the queue's limit.
inline bool OrderTimes::serve(Queue& queue) {
  assert(queue.next < queue.tasks.size());
  const auto [stage, tile] = queue.tasks[queue.next++];
  Line& own = lines_[stage];
  if (own.next < tile) advance(own, tile);
  const double time = own.time(tile);
  double start = transfer_ready(own, tile);
  if (queue.one_by_one) {
    if (queue.writing != (stage == Stage::write_back)) {
      queue.free += queue.turn_ns;
      queue.left -= queue.turn_ns;
      queue.writing = !queue.writing;
    }
    start = std::max(start, queue.free);
    queue.free = start + time;
    queue.left -= time;
  }
  own.ends[tile] = start + time;
  own.next = tile + 1;
  own.served = next_transfer(own, tile + 1);
  return !queue.exceeds();
}

/// Passes tile after tile, each once the DRAM has served what it waits for. Returns false as soon
/// as the total must exceed the queue's limit.
template <bool generates, bool decomposes, bool posts>
bool OrderTimes::serve_all(Queue& queue) {
  const Line &weights = lines_[Stage::fetch_weights], &inputs = lines_[Stage::fetch_inputs],
             &results = lines_[Stage::write_back];
  for (std::int64_t k = 0; k < tiles_; ++k) {
    const std::int64_t written = std::max(k - input_.places.outputs, input_after(k));
    while (weights.served <= k || inputs.served <= k || results.served <= written)
      if (!serve(queue)) return false;
    pass<generates, decomposes, posts>(k);
  }
  while (queue.next < queue.tasks.size())
    if (!serve(queue)) return false;
  return true;
}

double OrderTimes::run(Queue queue) {
  restart();
  const auto serve_them = [&] {
    const bool posts = input_.post_processes;
    if (input_.generates && input_.decomposes)
      return posts ? serve_all<true, true, true>(queue) : serve_all<true, true, false>(queue);
    if (input_.generates)
      return posts ? serve_all<true, false, true>(queue) : serve_all<true, false, false>(queue);
    if (input_.decomposes)
      return posts ? serve_all<false, true, true>(queue) : serve_all<false, true, false>(queue);
    return posts ? serve_all<false, false, true>(queue) : serve_all<false, false, false>(queue);
  };
  return serve_them() ? total() : endless;
}

double OrderTimes::in_order(std::span<const DramTask> tasks, double limit) {
  Queue queue{.tasks = tasks, .turn_ns = input_.direction_change_ns, .limit = limit};
  queue.writing = !tasks.empty() && tasks.front().stage == Stage::write_back;
  bool writing = queue.writing;
  for (const auto& [stage, tile] : tasks) {
    const bool writes = stage == Stage::write_back;
    queue.left += lines_[stage].time(tile) + (writes != writing ? queue.turn_ns : 0);
    writing = writes;
  }
  if (queue.exceeds()) return endless;
  return run(queue);
}

double OrderTimes::at_once(std::span<const DramTask> tasks) {
  return run({.tasks = tasks, .limit = endless, .one_by_one = false});
}

void OrderTimes::restart() {
  for (Line& own : lines_) own.next = 0;
  for (const Stage stage : {Stage::fetch_weights, Stage::fetch_inputs, Stage::write_back})
    lines_[stage].served = next_transfer(lines_[stage], 0);
  layer_first_ = -1;
  stream_free_ = 0;
}

/// Works out the jobs of a stage up to tile `end`; the DRAM has served those that take its time.
void OrderTimes::advance(Line& own, std::int64_t end) {
  while (own.next < end) {
    const std::int64_t k = own.next;
    const double start = ready(own, k);
    own.ends[k] = own.stage == Stage::compute ? computed(k, start) : start + own.time(k);
    own.next = k + 1;
  }
}

/// When a job's unit, its data, its place and the layer before are there.
double OrderTimes::ready(const Line& own, std::int64_t tile) {
  double latest = own.ends[tile - own.units];
  if (own.stage != Stage::write_back)
    latest = std::max(latest, end_of(*own.behind, tile - own.room));
  if (own.stage == Stage::fetch_weights) return latest;
  if (own.stage == Stage::fetch_inputs)
    return std::max(latest, end_of(lines_[Stage::write_back], input_after(tile)));
  latest = std::max(latest, end_of(*own.before, tile));
  if (own.stage != Stage::compute) return latest;
  return max_of(latest, end_of(lines_[Stage::fetch_inputs], tile), layer_before_left(tile));
}

double OrderTimes::total() {
  double latest = 0;
  for (Line& own : lines_) {
    if (!own.present) continue;
    advance(own, tiles_);
    for (std::int64_t k = tiles_ - own.units; k < tiles_; ++k)
      latest = std::max(latest, own.ends[k]);
  }
  return latest;
}

}  // namespace lightloom::cosim

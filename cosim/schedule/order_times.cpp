#include "cosim/schedule/order_times.hpp"

#include <algorithm>
#include <cassert>

#include "cosim/schedule/schedule_needs.hpp"

namespace lightloom::cosim {

OrderTimes::OrderTimes(const ScheduleInput& input)
    : input_(input),
      tiles_(static_cast<std::int64_t>(input.tiles.size())),
      streamed_(input.streams.size()) {
  const EnumArray<Stage, std::vector<Need>> needs = needs_of(input);
  std::int64_t furthest = 1;
  for (const Stage stage : all_of_enum<Stage>()) {
    Line& own = lines_[stage];
    if (needs[stage].empty()) continue;
    own.present = true;
    own.before = &lines_[needs[stage].front().stage];
    own.behind = &lines_[needs[stage].back().stage];
    // What lies so far back is never there.
    own.units = std::min(units_of(input, stage), tiles_);
    own.room = std::min(needs[stage].back().tiles_before, tiles_);
    furthest = std::max({furthest, own.units, own.room});
  }
  times_.resize(StageTimes::size() * input.tiles.size());
  ends_.resize(StageTimes::size() * static_cast<std::size_t>(furthest + tiles_));
  for (const Stage stage : all_of_enum<Stage>()) {
    const auto place = static_cast<std::int64_t>(stage);
    double* times = times_.data() + place * tiles_;
    for (const StageTimes& tile : input.tiles) *times++ = tile[stage];
    lines_[stage].times = times - tiles_;
    lines_[stage].ends = ends_.data() + place * (furthest + tiles_) + furthest;
  }
}

double OrderTimes::in_order(std::span<const DramTask> tasks, double limit) {
  restart();
  double left = 0, free = 0;
  for (const auto& [stage, tile] : tasks) left += lines_[stage].times[tile];
  bool writing = !tasks.empty() && tasks.front().stage == Stage::write_back;
  for (const auto& [stage, tile] : tasks) {
    if (writing != (stage == Stage::write_back)) {
      free += input_.direction_change_ns;
      writing = !writing;
    }
    Line& own = lines_[stage];
    advance(own, tile);
    free = own.ends[tile] = std::max(ready(stage, tile), free) + own.times[tile];
    own.next = tile + 1;
    left -= own.times[tile];
    if ((free + left) * (1 - 1e-12) > limit) return std::numeric_limits<double>::infinity();
    unserved_[stage] = next_transfer(stage, tile + 1);
    while (can_pass(passed_)) pass(passed_++);
  }
  return total();
}

void OrderTimes::restart() {
  for (Line& own : lines_) own.next = 0;
  for (const Stage stage : {Stage::fetch_weights, Stage::fetch_inputs, Stage::write_back})
    unserved_[stage] = next_transfer(stage, 0);
  layer_first_ = -1;
  stream_free_ = 0;
  passed_ = 0;
  while (can_pass(passed_)) pass(passed_++);
}

std::int64_t OrderTimes::next_transfer(Stage stage, std::int64_t from) const {
  const double* times = lines_[stage].times;
  while (from < tiles_ && !(times[from] > 0)) ++from;
  return from;
}

/// Whether nothing that a tile waits for up to the digital unit is still to be served.
bool OrderTimes::can_pass(std::int64_t tile) const {
  const std::int64_t results = unserved_[Stage::write_back];
  return tile < tiles_ && tile < unserved_[Stage::fetch_weights] &&
         tile < unserved_[Stage::fetch_inputs] && tile - input_.places.outputs < results &&
         input_after(tile) < results;
}

/// Works out the jobs of a tile, once all tiles before have passed: advance() without its
/// questions.
void OrderTimes::pass(std::int64_t k) {
  const auto take = [k](Line& own, double start) {
    own.ends[k] = start + own.times[k];
    own.next = k + 1;
  };
  const auto unit = [k](const Line& own) { return own.ends[k - own.units]; };
  const auto place = [k](const Line& own) { return own.behind->ends[k - own.room]; };
  Line& weights = lines_[Stage::fetch_weights];
  if (weights.next == k) take(weights, std::max(unit(weights), place(weights)));
  for (const Stage stage : {Stage::generate, Stage::decompose, Stage::program}) {
    Line& own = lines_[stage];
    if (own.present && own.next == k)
      take(own, std::max({unit(own), own.before->ends[k], place(own)}));
  }
  Line &inputs = lines_[Stage::fetch_inputs], &post = lines_[Stage::post_process],
       &results = lines_[Stage::write_back], &cores = lines_[Stage::compute];
  if (inputs.next == k) take(inputs, ready(Stage::fetch_inputs, k));
  if (cores.next == k) {
    const double start = std::max({unit(cores), cores.before->ends[k], inputs.ends[k],
                                   end_of(*cores.behind, k - cores.room), layer_before_left(k)});
    cores.ends[k] = computed(k, start);
    cores.next = k + 1;
  }
  if (post.present && post.next == k)
    take(post, std::max({unit(post), cores.ends[k], end_of(results, k - post.room)}));
  if (results.next == k && k < unserved_[Stage::write_back])
    take(results, std::max(unit(results), results.before->ends[k]));
}

/// Works out the jobs of a stage up to tile `end`; the DRAM has served those that take its time.
void OrderTimes::advance(Line& own, std::int64_t end) {
  const auto stage = static_cast<Stage>(&own - lines_.begin());
  while (own.next < end) {
    const std::int64_t k = own.next;
    const double start = ready(stage, k);
    own.ends[k] = stage == Stage::compute ? computed(k, start) : start + own.times[k];
    own.next = k + 1;
  }
}

/// When a job's unit, its data, its place and the layer before are there.
double OrderTimes::ready(Stage stage, std::int64_t tile) {
  Line& own = lines_[stage];
  double latest = own.ends[tile - own.units];
  if (stage != Stage::write_back) latest = std::max(latest, end_of(*own.behind, tile - own.room));
  if (stage == Stage::fetch_weights) return latest;
  if (stage == Stage::fetch_inputs)
    return std::max(latest, end_of(lines_[Stage::write_back], input_after(tile)));
  latest = std::max(latest, end_of(*own.before, tile));
  if (stage != Stage::compute) return latest;
  return std::max({latest, end_of(lines_[Stage::fetch_inputs], tile), layer_before_left(tile)});
}

/// When the computation of a tile ends: with its core's symbols or, once the buffer has served the
/// tiles before, its stream.
double OrderTimes::computed(std::int64_t tile, double start) {
  const double end = start + lines_[Stage::compute].times[tile];
  if (input_.streams.empty()) return end;
  const double ns = input_.streams[static_cast<std::size_t>(tile)];
  if (ns > 0) stream_free_ = std::max(start, stream_free_) + ns;
  streamed_[static_cast<std::size_t>(tile)] = stream_free_;
  return ns > 0 ? std::max(end, stream_free_) : end;
}

double OrderTimes::layer_before_left(std::int64_t tile) {
  if (input_.layer_starts.empty()) return 0;
  const std::int64_t first = input_.layer_starts[static_cast<std::size_t>(tile)];
  if (first == layer_first_) return layer_ready_;
  layer_first_ = first;
  if (input_.post_processes) return layer_ready_ = end_of(lines_[Stage::post_process], first - 1);
  const Line& cores = lines_[Stage::compute];
  return layer_ready_ = *std::max_element(cores.ends + first - cores.units, cores.ends + first);
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

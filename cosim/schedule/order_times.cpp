#include "cosim/schedule/order_times.hpp"

#include <algorithm>
#include <cassert>

#include "cosim/schedule/schedule_needs.hpp"

namespace lightloom::cosim {
namespace {

constexpr double endless = std::numeric_limits<double>::infinity();

template <class T>
const T* data_of(const std::vector<T>& by_tile) {
  return by_tile.empty() ? nullptr : by_tile.data();
}

/// Places behind a stage, as far as a tile could ever wait for one: what lies further back is never
/// there.
std::int64_t room_behind(const ScheduleInput& input, const std::vector<Need>& needs) {
  const auto tiles = static_cast<std::int64_t>(input.tiles.size());
  return needs.empty() ? 0 : std::min(needs.back().tiles_before, tiles);
}

std::int64_t furthest_back(const ScheduleInput& input) {
  const auto tiles = static_cast<std::int64_t>(input.tiles.size());
  std::int64_t furthest = std::max<std::int64_t>(1, std::min<std::int64_t>(input.cores, tiles));
  for (const std::vector<Need>& needs : needs_of(input))
    furthest = std::max(furthest, room_behind(input, needs));
  return furthest;
}

}  // namespace

/// One order, of schedules that have certain stages: what each stage waits for is settled when this
/// is compiled. Jobs are worked out when the DRAM's next task waits for one of them: then all whose
/// needs are known, stage by stage, which are many at once where there are many places.
template <bool generates, bool decomposes, bool posts>
class OrderRun {
 public:
  OrderRun(OrderTimes& times, const OrderTimes::Service& service)
      : times_(times.input_.tiles.data()),
        ends_(times.tried_.ends.get() + times.before_),
        streamed_(times.tried_.streamed.get()),
        streams_(data_of(times.input_.streams)),
        input_after_(data_of(times.input_.input_after)),
        layer_starts_(data_of(times.input_.layer_starts)),
        tiles_(times.tiles_),
        cores_(std::min<std::int64_t>(times.input_.cores, tiles_)),
        turn_ns_(times.input_.direction_change_ns),
        service_(service),
        gives_up_above_(service.limit / (1 - 1e-9)),
        left_(times.transfers_ns_) {
    const EnumArray<Stage, std::vector<Need>> needs = needs_of(times.input_);
    for (const Stage stage : all_of_enum<Stage>())
      room_[stage] = room_behind(times.input_, needs[stage]);
  }

  double total() {
    if (service_.one_by_one && !turns_leave_time()) return endless;
    for (const DramTask& task : service_.tasks)
      if (!serve(task)) return endless;
    work_out();
    double latest = 0;
    for (const Stage stage : all_of_enum<Stage>()) {
      if (!is_there(stage)) continue;
      for (std::int64_t k = std::max<std::int64_t>(0, tiles_ - cores_); k < tiles_; ++k)
        latest = std::max(latest, ends_[k][stage]);
    }
    return latest;
  }

 private:
  static constexpr Stage made = generates ? Stage::generate : Stage::fetch_weights,
                         set = decomposes ? Stage::decompose : made,
                         finished = posts ? Stage::post_process : Stage::compute;
  /// The stage that the jobs of a stage have their data from.
  static constexpr Stage before(Stage stage) {
    switch (stage) {
      case Stage::generate:
        return Stage::fetch_weights;
      case Stage::decompose:
        return made;
      case Stage::program:
        return set;
      case Stage::compute:
        return Stage::program;
      case Stage::post_process:
        return Stage::compute;
      default:
        return finished;
    }
  }
  /// The stage that frees the places behind a stage.
  static constexpr Stage behind(Stage stage) {
    switch (stage) {
      case Stage::fetch_weights:
        return generates ? Stage::generate : behind(Stage::generate);
      case Stage::generate:
        return decomposes ? Stage::decompose : Stage::program;
      case Stage::decompose:
        return Stage::program;
      case Stage::compute:
        return posts ? Stage::post_process : Stage::write_back;
      case Stage::post_process:
        return Stage::write_back;
      default:
        return Stage::compute;
    }
  }
  static constexpr bool is_there(Stage stage) {
    return (stage != Stage::generate || generates) && (stage != Stage::decompose || decomposes) &&
           (stage != Stage::post_process || posts);
  }
  static constexpr bool by_dram(Stage stage) {
    return stage == Stage::fetch_weights || stage == Stage::fetch_inputs ||
           stage == Stage::write_back;
  }

  /// Works out all jobs whose needs are known, but for transfers.
  [[gnu::noinline]] void work_out() {
    bool more = true;
    while (more) {
      more = work_out<Stage::fetch_weights>();
      if constexpr (generates) more |= work_out<Stage::generate>();
      if constexpr (decomposes) more |= work_out<Stage::decompose>();
      more |= work_out<Stage::program>();
      more |= work_out<Stage::compute>();
      if constexpr (posts) more |= work_out<Stage::post_process>();
      more |= work_out<Stage::write_back>();
      more |= work_out<Stage::fetch_inputs>();
    }
  }
  /// Those of a stage. What a job waits for is compared before its unit, the end of the job before:
  /// that one alone is in the way of the next.
  template <Stage stage>
  bool work_out() {
    const std::int64_t first = next_[stage], known = known_until<stage>();
    double end = ends_[first - 1][stage], streamed = stream_free_;
    std::int64_t k = first;
    for (; k < known && is_known<stage>(k); ++k) {
      if (by_dram(stage) && times_[k][stage] > 0) break;
      const double start = std::max(needs_ready<stage>(k), unit_free<stage>(k, end));
      end = start + times_[k][stage];
      if constexpr (stage == Stage::compute) end = std::max(end, stream(k, start, streamed));
      ends_[k][stage] = end;
    }
    next_[stage] = k;
    stream_free_ = streamed;
    return k > first;
  }

  /// The first tile of which something is not known that a job waits for, but for what depends on
  /// its layer (is_known).
  template <Stage stage>
  [[nodiscard]] std::int64_t known_until() const {
    std::int64_t until = tiles_;
    if constexpr (stage != Stage::fetch_weights && stage != Stage::fetch_inputs)
      until = std::min(until, next_[before(stage)]);
    if constexpr (stage != Stage::write_back)
      until = std::min(until, next_[behind(stage)] + room_[stage]);
    if constexpr (stage == Stage::compute) until = std::min(until, next_[Stage::fetch_inputs]);
    return until;
  }
  template <Stage stage>
  [[nodiscard]] bool is_known(std::int64_t k) const {
    if constexpr (stage == Stage::fetch_inputs) return next_[Stage::write_back] > input_after(k);
    if constexpr (stage == Stage::compute) return next_[finished] >= first_of_layer(k);
    return true;
  }

  /// When a job's data, its place and the layer before are there.
  template <Stage stage>
  [[nodiscard]] double needs_ready(std::int64_t k) {
    double latest = 0;
    if constexpr (stage != Stage::write_back) latest = ends_[k - room_[stage]][behind(stage)];
    if constexpr (stage == Stage::fetch_inputs)
      latest = std::max(latest, ends_[input_after(k)][Stage::write_back]);
    if constexpr (stage == Stage::compute)
      latest = std::max(std::max(latest, layer_before_left(k)), ends_[k][Stage::fetch_inputs]);
    if constexpr (stage != Stage::fetch_weights && stage != Stage::fetch_inputs)
      latest = std::max(latest, ends_[k][before(stage)]);
    return latest;
  }
  /// `before`: the end of the stage's job before.
  template <Stage stage>
  [[nodiscard]] double unit_free(std::int64_t k, double before) const {
    constexpr bool on_cores = stage == Stage::program || stage == Stage::compute;
    return on_cores ? ends_[k - cores_][stage] : before;
  }

  [[nodiscard]] std::int64_t input_after(std::int64_t tile) const {
    return input_after_ == nullptr ? -1 : input_after_[tile];
  }
  [[nodiscard]] std::int64_t first_of_layer(std::int64_t tile) const {
    return layer_starts_ == nullptr ? 0 : layer_starts_[tile];
  }

  double layer_before_left(std::int64_t tile) {
    const std::int64_t first = first_of_layer(tile);
    if (first == layer_first_) return layer_ready_;
    layer_first_ = first;
    layer_ready_ = 0;
    for (std::int64_t k = first - (posts ? 1 : cores_); k < first; ++k)
      layer_ready_ = std::max(layer_ready_, ends_[k][finished]);
    return layer_ready_;
  }

  /// When the stream of a tile has ended that computes from `start` on, once the buffer has served
  /// the tiles before, until `free`; 0: there is none.
  double stream(std::int64_t tile, double start, double& free) const {
    if (streams_ == nullptr) return 0;
    const double ns = streams_[tile];
    const double ends = std::max(start, free) + ns;
    free = ns > 0 ? ends : free;
    streamed_[tile] = free;
    return ns > 0 ? ends : 0;
  }

  /// Counts the turns between reading and writing with what is left to do. Returns false where that
  /// alone exceeds the limit.
  bool turns_leave_time() {
    const std::span<const DramTask> tasks = service_.tasks;
    std::int32_t turns = 0;
    for (std::size_t i = 1; i < tasks.size(); ++i) {
      const bool writes = tasks[i].stage == Stage::write_back,
                 wrote = tasks[i - 1].stage == Stage::write_back;
      turns += writes != wrote ? 1 : 0;
    }
    left_ += static_cast<double>(turns) * turn_ns_;
    writing_ = !tasks.empty() && tasks.front().stage == Stage::write_back;
    return !exceeds();
  }
  /// But for what rounding adds to sums of a million times.
  [[nodiscard]] bool exceeds() const { return free_ + left_ > gives_up_above_; }

  /// Returns false where the total must now exceed the limit.
  bool serve(const DramTask& task) {
    switch (task.stage) {
      case Stage::fetch_weights:
        return serve<Stage::fetch_weights>(task.tile);
      case Stage::fetch_inputs:
        return serve<Stage::fetch_inputs>(task.tile);
      default:
        return serve<Stage::write_back>(task.tile);
    }
  }
  template <Stage stage>
  [[nodiscard]] bool can_serve(std::int64_t tile) const {
    return next_[stage] == tile && tile < known_until<stage>() && is_known<stage>(tile);
  }
  template <Stage stage>
  bool serve(std::int64_t tile) {
    constexpr bool writes = stage == Stage::write_back;
    if (!can_serve<stage>(tile)) work_out();
    assert(can_serve<stage>(tile));
    const double time = times_[tile][stage];
    double start = std::max(needs_ready<stage>(tile), ends_[tile - 1][stage]);
    if (service_.one_by_one) {
      if (writing_ != writes) {
        free_ += turn_ns_;
        left_ -= turn_ns_;
        writing_ = writes;
      }
      start = std::max(start, free_);
      free_ = start + time;
      left_ -= time;
    }
    ends_[tile][stage] = start + time;
    next_[stage] = tile + 1;
    return !exceeds();
  }

  const StageTimes* times_;
  TileEnds* ends_;
  double* streamed_;
  const double* streams_;                            // by tile; none: nullptr
  const std::int64_t *input_after_, *layer_starts_;  // the same
  std::int64_t tiles_, cores_;
  double turn_ns_;
  EnumArray<Stage, std::int64_t> room_;
  EnumArray<Stage, std::int64_t> next_;  // first tile that is not worked out
  OrderTimes::Service service_;
  double gives_up_above_;
  double free_ = 0, left_ = 0;  // when the DRAM is free, and what it has to do from then on
  bool writing_ = false;
  std::int64_t layer_first_ = -1;  // of the layer in hand
  double layer_ready_ = 0;         // when the one before it has left the units
  double stream_free_ = 0;
};

OrderTimes::OrderTimes(const ScheduleInput& input)
    : input_(input),
      tiles_(static_cast<std::int64_t>(input.tiles.size())),
      before_(furthest_back(input)),
      tried_(no_ends()) {
  for (const StageTimes& tile : input.tiles)
    transfers_ns_ +=
        tile[Stage::fetch_weights] + tile[Stage::fetch_inputs] + tile[Stage::write_back];
}

OrderTimes::Ends OrderTimes::no_ends() const {
  Ends none{.ends = std::make_unique_for_overwrite<TileEnds[]>(
                static_cast<std::size_t>(before_ + tiles_)),
            .streamed = std::make_unique_for_overwrite<double[]>(input_.streams.size())};
  std::fill_n(none.ends.get(), before_, TileEnds{});
  return none;
}

void OrderTimes::keep() {
  std::swap(tried_, kept_);
  if (!tried_.ends) tried_ = no_ends();
}

double OrderTimes::run(const Service& service) {
  const auto run_with = [&]<bool generates, bool decomposes>() {
    return input_.post_processes ? OrderRun<generates, decomposes, true>(*this, service).total()
                                 : OrderRun<generates, decomposes, false>(*this, service).total();
  };
  if (input_.generates)
    return input_.decomposes ? run_with.template operator()<true, true>()
                             : run_with.template operator()<true, false>();
  return input_.decomposes ? run_with.template operator()<false, true>()
                           : run_with.template operator()<false, false>();
}

double OrderTimes::in_order(std::span<const DramTask> tasks, double limit) {
  return run({.tasks = tasks, .limit = limit});
}

double OrderTimes::at_once(std::span<const DramTask> tasks) {
  return run({.tasks = tasks, .one_by_one = false});
}

}  // namespace lightloom::cosim

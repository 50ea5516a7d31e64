#include "cosim/schedule/stage_account.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace lightloom::cosim {
namespace {

/// Tiles that are worked out side by side: their times stay in the innermost cache.
constexpr std::int64_t most_in_block = 256;
using Times = std::array<double, most_in_block>;

/// Jobs of a block of tiles.
struct Block {
  std::int64_t first = 0, count = 0;
  Times ready;                                    // when they could start but for their unit,
  std::array<std::int64_t, most_in_block> cause;  // and what let them
  Times start;

  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(count); }
};

/// `ends`: of the block's tiles.
void wait_for(Block& block, const double* ends, Cause why) {
  const auto cause = static_cast<std::int64_t>(why);
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool later = ends[i] > block.ready[i];
    block.ready[i] = later ? ends[i] : block.ready[i];
    block.cause[i] = later ? cause : block.cause[i];
  }
}

/// Where a job's time since its unit was free went.
struct Waits {
  Times data, slot, dependency, shared;
};

/// `free`: when the unit of each of the block's tiles had finished the job before.
void share_out(const Block& block, const double* free, Waits& waits) {
  constexpr auto data = static_cast<std::int64_t>(Cause::data),
                 slot = static_cast<std::int64_t>(Cause::slot);
  for (std::size_t i = 0; i < block.size(); ++i) {
    const double start = block.start[i], earliest = std::min(block.ready[i], start) - free[i],
                 until_ready = earliest > 0 ? earliest : 0;
    const std::int64_t cause = block.cause[i];
    waits.data[i] = cause == data ? until_ready : 0;
    waits.slot[i] = cause == slot ? until_ready : 0;
    waits.dependency[i] = cause == data || cause == slot ? 0 : until_ready;
    waits.shared[i] = start - free[i] - until_ready;
  }
}

class Accountant {
 public:
  Accountant(const ScheduleInput& input, const OrderTimes& times, const ScheduledJobs& jobs,
             Stage stage)
      : input_(input),
        times_(times),
        jobs_(jobs),
        stage_(stage),
        tiles_(static_cast<std::int64_t>(input.tiles.size())),
        units_(units_of(input, stage)),
        ends_(jobs.ends(stage)),
        dram_(jobs.dram_before(stage)) {
    for (const Need& need : jobs.needs(stage))
      if (need.tiles_before < tiles_)
        waits_.push_back({jobs.ends(need.stage) - need.tiles_before, need.cause});
  }

  StageAccount run() {
    if (stage_ == Stage::compute) account_.streamed.resize(input_.tiles.size());
    Block block;
    for (block.first = 0; block.first < tiles_; block.first += most_in_block) {
      block.count = std::min(most_in_block, tiles_ - block.first);
      find_ready(block);
      find_starts(block);
      add(block);
    }
    // Waits for a change of direction are none for the DRAM.
    account_.use.wait_turn = std::min(turned_, account_.use.wait_shared);
    account_.use.wait_shared -= account_.use.wait_turn;
    return std::move(account_);
  }

 private:
  struct Wait {
    const double* ends = nullptr;  // by waiting tile
    Cause cause = Cause::none;
  };

  [[nodiscard]] double time(std::int64_t k) const {
    return input_.tiles[static_cast<std::size_t>(k)][stage_];
  }

  void find_ready(Block& block) {
    std::fill_n(block.ready.begin(), block.size(), 0.0);
    std::fill_n(block.cause.begin(), block.size(), static_cast<std::int64_t>(Cause::none));
    for (const Wait& wait : waits_) wait_for(block, wait.ends + block.first, wait.cause);
    Times ends;
    const auto wait_for_each = [&](auto&& end_for) {
      for (std::size_t i = 0; i < block.size(); ++i)
        ends[i] = end_for(block.first + static_cast<std::int64_t>(i));
      wait_for(block, ends.data(), Cause::dependency);
    };
    if (stage_ == Stage::compute && !input_.layer_starts.empty())
      wait_for_each([this](std::int64_t k) { return layer_before_left(k); });
    if (stage_ == Stage::fetch_inputs && !input_.input_after.empty())
      wait_for_each([this](std::int64_t k) {
        const std::int64_t after = input_.input_after[static_cast<std::size_t>(k)];
        return after >= 0 ? jobs_.ends(Stage::write_back)[after] : 0;
      });
  }

  double layer_before_left(std::int64_t k) {
    const std::int64_t first = input_.layer_starts[static_cast<std::size_t>(k)];
    if (first == layer_first_) return layer_ready_;
    layer_first_ = first;
    layer_ready_ = 0;
    const Stage last = input_.post_processes ? Stage::post_process : Stage::compute;
    for (std::int64_t j = std::max<std::int64_t>(0, first - units_of(input_, last)); j < first; ++j)
      layer_ready_ = std::max(layer_ready_, jobs_.ends(last)[j]);
    return layer_ready_;
  }

  /// When the unit finished the job before: 0 where there is none.
  [[nodiscard]] const double* free_for(std::int64_t k) const {
    return ends_ + k - std::min(units_, tiles_);
  }

  void find_starts(Block& block) {
    const double* free = free_for(block.first);
    for (std::size_t i = 0; i < block.size(); ++i)
      block.start[i] = std::max(block.ready[i], free[i]);
    if (!dram_.empty()) take_turns(block);
    if (stage_ == Stage::compute && !input_.streams.empty()) stream(block);
  }

  void take_turns(Block& block) {
    double turned = turned_;
    for (std::size_t i = 0; i < block.size(); ++i) {
      const std::int64_t k = block.first + static_cast<std::int64_t>(i);
      const DramBefore& before = dram_[static_cast<std::size_t>(k)];
      if (before.ended == DramBefore::no_task) continue;
      const double ready = block.ready[i] = block.start[i];
      block.start[i] = std::max(ready, before.free);
      if (k > 0) turned += ends_[k] - time(k) - std::max(ready, before.ended);
    }
    turned_ = turned;
  }

  /// Where the tile's stream ended its computation, that counts from the stream's start.
  void stream(Block& block) {
    for (std::size_t i = 0; i < block.size(); ++i) {
      const std::int64_t k = block.first + static_cast<std::int64_t>(i);
      const auto tile = static_cast<std::size_t>(k);
      const double start = block.start[i], ns = input_.streams[tile],
                   streaming = std::max(start, times_.streamed(k - 1));
      const bool ends_it = ns > 0 && streaming + ns > start + time(k);
      block.start[i] = ends_it ? streaming : start;
      account_.streamed[tile] = ends_it ? 1 : 0;
    }
  }

  /// The first jobs of the units have waited for none before them.
  void add(const Block& block) {
    const auto firsts =
        static_cast<std::size_t>(std::clamp<std::int64_t>(units_ - block.first, 0, block.count));
    StageUse use = account_.use;
    const double* ends = ends_ + block.first;
    Waits waits;
    share_out(block, free_for(block.first), waits);
    for (std::size_t i = 0; i < firsts; ++i) {
      use.busy += ends[i] - block.start[i];
      use.before_first += block.start[i];
    }
    for (std::size_t i = firsts; i < block.size(); ++i) {  // side by side: a sum waits for itself
      use.busy += ends[i] - block.start[i];
      use.wait_data += waits.data[i];
      use.wait_slot += waits.slot[i];
      use.wait_dependency += waits.dependency[i];
      use.wait_shared += waits.shared[i];
    }
    account_.use = use;
  }

  const ScheduleInput& input_;
  const OrderTimes& times_;
  const ScheduledJobs& jobs_;
  Stage stage_;
  std::int64_t tiles_, units_;
  const double* ends_;
  std::span<const DramBefore> dram_;
  std::vector<Wait> waits_;
  std::int64_t layer_first_ = -1;  // of the layer in hand
  double layer_ready_ = 0;         // when the one before it has left the units
  double turned_ = 0;
  StageAccount account_;
};

}  // namespace

StageAccount account_for(const ScheduleInput& input, const OrderTimes& times,
                         const ScheduledJobs& jobs, Stage stage) {
  return Accountant(input, times, jobs, stage).run();
}

}  // namespace lightloom::cosim

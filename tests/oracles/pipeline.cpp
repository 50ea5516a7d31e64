#include "tests/oracles/pipeline.hpp"

#include <cassert>
#include <cstddef>

#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {
namespace {

/// What decided a start.
enum class Cause : std::uint8_t { nothing, unit, data, slot, dependency };

struct Walk {
  const PipelineInput& input;
  PipelineResult& result;
  std::vector<Cause> causes;
  std::int64_t tiles;
  int stages;

  [[nodiscard]] std::size_t at(std::int64_t tile, int stage) const {
    return as_index(tile * stages + stage);
  }
  [[nodiscard]] std::int64_t dependency(std::int64_t tile, int stage) const {
    return stage == input.join_stage && !input.waits_for.empty() ? input.waits_for[as_index(tile)]
                                                                 : -1;
  }
  /// The (tile, stage) whose end decided this start.
  [[nodiscard]] std::pair<std::int64_t, int> predecessor(std::int64_t tile, int stage) const {
    switch (causes[at(tile, stage)]) {
      case Cause::unit:
        return {tile - 1, stage};
      case Cause::data:
        return {tile, stage - 1};
      case Cause::slot:
        return {tile - input.slots[as_index(stage)], stage + 1};
      case Cause::dependency:
        return {dependency(tile, stage), stages - 1};
      case Cause::nothing:
        break;
    }
    return {-1, -1};
  }
};

void schedule_one(Walk& walk, std::int64_t tile, int stage) {
  double start = 0;
  Cause cause = Cause::nothing;
  const auto not_before = [&](std::int64_t other_tile, int other_stage, Cause why) {
    const double end = walk.result.ends[walk.at(other_tile, other_stage)];
    if (end > start || cause == Cause::nothing) {
      start = end;
      cause = why;
    }
  };
  if (tile > 0) not_before(tile - 1, stage, Cause::unit);
  if (stage > 0) not_before(tile, stage - 1, Cause::data);
  if (stage + 1 < walk.stages && tile >= walk.input.slots[as_index(stage)])
    not_before(tile - walk.input.slots[as_index(stage)], stage + 1, Cause::slot);
  if (const std::int64_t other = walk.dependency(tile, stage); other >= 0)
    not_before(other, walk.stages - 1, Cause::dependency);
  const std::size_t place = walk.at(tile, stage);
  walk.causes[place] = cause;
  walk.result.starts[place] = start;
  walk.result.ends[place] = start + walk.input.times[place];
}

void account(Walk& walk, std::int64_t tile, int stage) {
  const std::size_t place = walk.at(tile, stage);
  StageUse& use = walk.result.stages[as_index(stage)];
  use.busy += walk.input.times[place];
  if (tile == 0) {
    use.before_first = walk.result.starts[place];
    return;
  }
  const double gap = walk.result.starts[place] - walk.result.ends[walk.at(tile - 1, stage)];
  switch (walk.causes[place]) {
    case Cause::data:
      use.wait_data += gap;
      break;
    case Cause::slot:
      use.wait_slot += gap;
      break;
    case Cause::dependency:
      use.wait_dependency += gap;
      break;
    case Cause::unit:
    case Cause::nothing:
      break;
  }
}

}  // namespace

PipelineResult run_pipeline(const PipelineInput& input) {
  assert(input.stages > 0 && static_cast<int>(input.slots.size()) == input.stages - 1);
  assert(input.times.size() % as_index(input.stages) == 0);
  PipelineResult result;
  result.stages.resize(as_index(input.stages));
  result.starts.resize(input.times.size());
  result.ends.resize(input.times.size());
  result.critical.resize(input.times.size());
  const auto tiles = static_cast<std::int64_t>(input.times.size()) / input.stages;
  if (tiles == 0) return result;
  Walk walk{input, result, std::vector<Cause>(input.times.size()), tiles, input.stages};
  for (std::int64_t tile = 0; tile < tiles; ++tile)
    for (int stage = 0; stage < input.stages; ++stage) {
      schedule_one(walk, tile, stage);
      account(walk, tile, stage);
    }
  result.total = result.ends.back();
  for (int stage = 0; stage < input.stages; ++stage)
    result.stages[as_index(stage)].after_last =
        result.total - result.ends[walk.at(tiles - 1, stage)];
  for (std::pair<std::int64_t, int> on{tiles - 1, input.stages - 1}; on.first >= 0;) {
    const std::size_t place = walk.at(on.first, on.second);
    result.critical[place] = input.times[place];
    on = walk.predecessor(on.first, on.second);
  }
  return result;
}

}  // namespace lightloom::cosim

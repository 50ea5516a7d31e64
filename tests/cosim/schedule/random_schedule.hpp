#pragma once

#include <cstdint>

#include "core/random/random.hpp"
#include "cosim/schedule/tile_schedule.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {

/// Bounds of a drawn schedule, each drawn from the least to below `least + range`.
struct RandomSchedule {
  std::uint64_t seed = 0;
  int cores = 3, least_tiles = 1, tiles = 40, layer = 7;  // ranges
};

/// Tiles of layers with times that are whole and zero now and then.
inline ScheduleInput random_schedule(const RandomSchedule& how, std::uint64_t number) {
  const Stream stream({.seed = how.seed, .purpose = Purpose::test});
  std::uint64_t draw = 0;
  const auto below = [&](int bound) {
    return static_cast<int>(stream.below(static_cast<std::uint64_t>(bound), number, draw++));
  };
  ScheduleInput input{.generates = below(2) == 1,
                      .decomposes = below(2) == 1,
                      .post_processes = below(2) == 1,
                      .direction_change_ns = static_cast<double>(below(4))};
  input.cores = 1 + below(how.cores);
  input.places = {1 + below(4), 1 + below(3), 1 + below(2), input.cores * (1 + below(3)),
                  input.cores * (1 + below(2))};
  input.tiles.resize(as_index(how.least_tiles + below(how.tiles)));
  const int layer = 1 + below(how.layer);
  for (std::size_t k = 0; k < input.tiles.size(); ++k) {
    for (const Stage stage : all_of_enum<Stage>())
      if (below(3) > 0) input.tiles[k][stage] = below(20);
    input.streams.push_back(below(2) * below(20));
    input.layer_starts.push_back(static_cast<std::int64_t>(k) / layer * layer);
    input.input_after.push_back(input.layer_starts.back() - 1);
  }
  return input;
}

}  // namespace lightloom::cosim

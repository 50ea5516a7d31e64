#pragma once

#include <cstdint>
#include <vector>

#include "cosim/schedule/tile_schedule.hpp"

namespace lightloom::cosim {

/// Why a job could not be ready earlier.
enum class Cause : std::uint8_t { none, data, slot, dependency };

/// What a job waits for: a stage of the same tile, or of one before it that holds its place.
struct Need {
  Stage stage = Stage::compute;
  std::int64_t tiles_before = 0;
  Cause cause = Cause::data;
};

/// Units of a stage; tile k belongs to unit k mod units.
std::int64_t units_of(const ScheduleInput& input, Stage stage);

/// Of the stages present, what each waits for but its unit and the layer before: first for its
/// data, last for its place, as far as it needs them. Empty: the stage is not there.
EnumArray<Stage, std::vector<Need>> needs_of(const ScheduleInput& input);

}  // namespace lightloom::cosim

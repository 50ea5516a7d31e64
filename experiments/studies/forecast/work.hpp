#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/enum_array.hpp"
#include "experiments/cards/experiment_card.hpp"

namespace lightloom::experiments {

/// What a run does, in units whose time is measured.
enum class Unit {
  data,           // a data set read or generated, its images compared with one another
  layers,         // a network's layers under every source
  cost,           // one simulation of time and energy for every source
  start,          // a student made and fitted to the float network's weights
  teacher_image,  // trained with
  student_image,  // trained with
  digital_image,  // classified without hardware
  chip,           // realised, its converters calibrated
  chip_image,     // classified on a chip
  count
};

/// Numbers of images of a data set, and of weight layers of a network.
struct Sizes {
  std::int64_t training = 0, validation = 0, test = 0;
  std::int64_t layers = 0;
};

/// How often a run does each, counted from its card; at most, where a training may end early
/// (`patience`).
using Work = EnumArray<Unit, double>;

/// What was done before and is not done again, by its key (`SectionKeys`).
using DoneWork = std::set<std::string>;

/// The work of one experiment that finds `done` there, and leaves there what it did.
Work work_of(const Experiment& card, const Sizes& sizes, DoneWork& done);

/// Trainings that a run starts with weights that one may take for finished, a sentence each: dense
/// weights, and those of an imported network.
std::vector<std::string> unexpected_trainings(const Experiment& card);

}  // namespace lightloom::experiments

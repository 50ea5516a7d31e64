#pragma once

#include "core/files/labelled.hpp"
#include "cosim/cost/visit_times.hpp"

namespace lightloom::experiments {

/// Axes visit, stage (those that the schedule has) and layer; variables start and end (visit,
/// stage) in s, visit_layer and visit_core (visit), and the scalar time.
Labelled visits_of(const cosim::NetworkTimes& times);

}  // namespace lightloom::experiments

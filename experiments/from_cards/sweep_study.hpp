#pragma once

#include <string>

#include "experiments/cards/experiment_card.hpp"
#include "experiments/sweep/sweep.hpp"

namespace lightloom::experiments {

/// A sweep whose points are all known to be legal.
struct SweepStudy {
  Tree card;  // with the cards that it names in their places
  SweepGrid grid;
  Experiment base;        // the first point
  bool accuracy = false;  // some point measures accuracies, which take all threads by themselves
};

/// Reads every point's card before any work, so that a value out of range at the last point costs
/// nothing. Throws `Error` for a card without a sweep, and for the first point that is wrong.
SweepStudy read_sweep(const Tree& given);

/// What one call computes of a sweep, and where it is written ("": nowhere).
struct SweepCall {
  SweepPart part{};
  std::string output;
  std::string command;  // that computes the points, for the provenance
};

/// Computes the points that `call.output` does not hold yet; a whole sweep is compared with its
/// first point. Throws what `run_sweep` does.
SweepOutcome compute_sweep(const SweepStudy& study, const SweepCall& call, ProgressSink& progress);

}  // namespace lightloom::experiments

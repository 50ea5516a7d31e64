#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "experiments/cards/experiment_card.hpp"
#include "experiments/ranks/crew.hpp"
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
/// nothing; with a crew, shared among it. Throws `Error` for a card without a sweep, and for the
/// first point that is wrong.
SweepStudy read_sweep(const Tree& given, Crew* crew = nullptr);

/// What one call computes of a sweep, and where it is written ("": nowhere).
struct SweepCall {
  SweepPart part{};
  std::string output;
  std::string command;  // that computes the points, for the provenance
  Crew* crew = nullptr;
  std::string trainings = {};  // folder that keeps trainings; "": one beside the output, while the
                               // sweep works; "none": nowhere
};

/// Computes the points that `call.output` does not hold yet; a whole sweep is compared with its
/// first point. Throws what `run_sweep` does.
SweepOutcome compute_sweep(const SweepStudy& study, const SweepCall& call, ProgressSink& progress);

/// The part in a sweep of a process that does not lead its crew. It reads the card when the first
/// work comes, so that the leader alone speaks of a card that is wrong.
class SweepHelper {
 public:
  SweepHelper(std::function<Tree()> card, ProgressSink& progress);
  ~SweepHelper();
  SweepHelper(const SweepHelper&) = delete;
  SweepHelper& operator=(const SweepHelper&) = delete;
  /// The function for an order of the leader's. Throws `Error` when this process has another card,
  /// other files that it names or another program than the leader.
  WorkFunction begin(std::string_view order);

 private:
  struct Work;
  std::function<Tree()> card_;
  ProgressSink& progress_;
  std::unique_ptr<Work> work_;
};

}  // namespace lightloom::experiments

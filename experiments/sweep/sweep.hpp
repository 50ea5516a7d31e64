#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/files/labelled.hpp"
#include "core/progress.hpp"
#include "experiments/designs/sweep_grid.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/sweep/sweep_part.hpp"

namespace lightloom::experiments {

class Crew;

/// What is measured at one point of a sweep: a pure function of its card. Every point gives the
/// same variables along equal axes; texts are not stacked.
using PointFunction = std::function<Labelled(const Tree& card)>;

/// Attribute of a results file: the card as it was given, with the cards it names in their places.
/// A point's card is made from it, not from the resolved one, whose defaults are the first point's.
inline constexpr const char* given_card_key = "card_given";

struct SweepTask {
  Tree card;  // with its sweep section, resolved as far as the hash should see
  SweepGrid grid;
  PointFunction point;
  SweepPart part{};  // the points that this call computes: all, or every n-th
  int at_once = 1;   // points whose function may run on as many threads; 1: it has all threads
  Origin origin;
  std::string output;          // file; "": none, nothing is taken up and nothing kept
  bool writes_the_end = true;  // of a sweep without gaps; else the caller does at once
  Crew* crew = nullptr;        // other processes that take part, led by this one
  std::size_t hand = 1;        // points that such a process takes together at most
  std::string order = {};      // what the sweep is to them
};

struct SweepOutcome {
  Labelled table;  // axes: the swept ones, then those of a point; `done` marks finished points
  std::size_t resumed = 0;  // points found in the file
  std::size_t computed = 0;
};

/// Computes the points of its part that `output` does not hold yet, in order or shared among a
/// crew, and rewrites the file as they finish. Every point is a function of its card alone, so the
/// order and who computes it do not matter: the file is the same to the bit. Throws `Error` when
/// the file belongs to another sweep or another process writes it, `Failure` when cancelled; the
/// file, if there is one, then holds the finished points.
SweepOutcome run_sweep(const SweepTask& task, ProgressSink& progress = no_progress());

/// What a process of a crew that does not lead does of the sweep; `task` must outlive it.
std::function<std::vector<std::string>(std::span<const std::size_t>)> point_answers(
    const SweepTask& task);

}  // namespace lightloom::experiments

#pragma once

#include <cstdint>

#include "core/enum_array.hpp"
#include "experiments/studies/forecast/work.hpp"

namespace lightloom::experiments {

/// Seconds that a unit of work takes on this machine, with the threads there are.
using UnitTimes = EnumArray<Unit, double>;

struct ProbeOptions {
  double seconds = 0.7;  // that a rate is measured for, at least two steps
};

/// What a short trial of a card's own network, chips and data found.
struct Probe {
  UnitTimes times{};
  Sizes sizes;
  double took_s = 0;
  std::int64_t memory_bytes = 0;  // the most that the process has held
  std::int64_t numbers = 0;       // of one run's results, about
  std::int64_t result_bytes = 0;  // of the results file, about
  std::int64_t page_bytes = 0;    // of its page, about
};

/// Loads the data, makes the networks untrained, trains each for a moment, realises a chip or two
/// and classifies some images. Nothing is written. Throws what the run would throw where a card's
/// files are not there.
Probe probe(const Experiment& card, const ProbeOptions& options);

}  // namespace lightloom::experiments

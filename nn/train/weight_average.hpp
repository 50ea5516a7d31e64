#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/cards/card.hpp"
#include "nn/optim/parameter.hpp"

namespace lightloom::nn {

/// Stochastic weight averaging (Izmailov et al., UAI 2018): the plain mean of the weights at the
/// end of every epoch from `start` on, while the rate stays where the optimiser keeps moving.
struct SwaCard {
  int start = 0;    // the first epoch, counted from 1, whose weights are averaged; 0: off
  double rate = 0;  // constant from that epoch on; 0: as the schedule says
};

/// Keys: start, rate.
void describe(Section& section, SwaCard& card);

/// A second set of weights beside the trained ones, which changes places with them for validation:
/// an exponential average by steps, or a plain mean of chosen moments.
class WeightAverage {
 public:
  /// Holds the parameters as they are if `on`; else everything below does nothing.
  WeightAverage(bool on, std::span<Parameter* const> parameters);

  /// average = decay average + (1 - decay) now.
  void follow(double decay);
  /// The mean of all weights that were ever included; the first replaces what was held.
  void include();
  /// How many were included.
  [[nodiscard]] std::int64_t count() const { return count_; }
  /// The average becomes the network's weights, which are kept here meanwhile; again: back.
  void change_places();

  [[nodiscard]] const std::vector<std::vector<float>>& values() const { return values_; }
  /// Takes up a saved state. Throws `Error` when it has other sizes.
  void restore(std::vector<std::vector<float>> values, std::int64_t count);

 private:
  void blend(float share);

  std::vector<Parameter*> parameters_;
  std::vector<std::vector<float>> values_;  // empty: off
  std::int64_t count_ = 0;
};

}  // namespace lightloom::nn

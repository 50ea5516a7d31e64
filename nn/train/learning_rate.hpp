#pragma once

#include <cstdint>
#include <vector>

#include "core/cards/card.hpp"

namespace lightloom::nn {

enum class RateKind { constant, cosine, exponential, step, one_cycle };

/// How the learning rate goes with training.
struct RateSchedule {
  RateKind kind = RateKind::cosine;
  double rate = 0.002;          // the largest
  double decay = 0.98;          // exponential: factor per epoch; step: factor per milestone
  std::vector<int> milestones;  // step: epochs at which the rate falls
  double warmup = 0;            // epochs of linear rise from zero (not one_cycle)
};

/// Keys: schedule, rate, decay, milestones, warmup, read into the caller's own section.
void describe(Section& section, RateSchedule& schedule);

/// How far training is.
struct TrainingTime {
  std::int64_t step = 0;  // from 0
  std::int64_t steps_per_epoch = 1;
  int epochs = 1;
};

/// The rate of a step. Cosine falls to zero over the whole training, step by step (Loshchilov and
/// Hutter 2017); exponential and step change between epochs; one_cycle rises by a cosine from
/// rate/25 to rate in the first 30 % and falls by a cosine to rate/250000 (Smith and Topin 2019,
/// PyTorch's defaults).
double rate_at(const RateSchedule& schedule, const TrainingTime& time);

}  // namespace lightloom::nn

#include "nn/train/learning_rate.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lightloom::nn {
namespace {

/// From `start` at 0 to `end` at 1 along half a cosine.
double ease(double start, double end, double share) {
  return end + (start - end) * 0.5 * (1 + std::cos(std::numbers::pi * share));
}

double one_cycle(double rate, double share) {
  constexpr double rise = 0.3, first = 1.0 / 25, last = 1.0 / 250000;
  return share < rise ? ease(first * rate, rate, share / rise)
                      : ease(rate, last * rate, (share - rise) / (1 - rise));
}

double without_warmup(const RateSchedule& schedule, const TrainingTime& time) {
  const auto epoch = static_cast<int>(time.step / time.steps_per_epoch);
  const double share = static_cast<double>(time.step) /
                       (static_cast<double>(time.steps_per_epoch) * std::max(1, time.epochs));
  switch (schedule.kind) {
    case RateKind::constant:
      return schedule.rate;
    case RateKind::cosine:
      return ease(schedule.rate, 0, share);
    case RateKind::exponential:
      return schedule.rate * std::pow(schedule.decay, epoch);
    case RateKind::step: {
      const auto passed = std::count_if(schedule.milestones.begin(), schedule.milestones.end(),
                                        [&](int milestone) { return epoch >= milestone; });
      return schedule.rate * std::pow(schedule.decay, static_cast<double>(passed));
    }
    case RateKind::one_cycle:
      return one_cycle(schedule.rate, share);
  }
  return schedule.rate;
}

}  // namespace

void describe(Section& section, RateSchedule& schedule) {
  section.choice("schedule", schedule.kind,
                 {{"constant", RateKind::constant},
                  {"cosine", RateKind::cosine},
                  {"exponential", RateKind::exponential},
                  {"step", RateKind::step},
                  {"one-cycle", RateKind::one_cycle}});
  section.value("rate", schedule.rate, positive);
  section.value("decay", schedule.decay, {.low = 0, .high = 1, .open_low = true});
  section.value("milestones", schedule.milestones, not_negative);
  section.value("warmup", schedule.warmup, not_negative);
}

double rate_at(const RateSchedule& schedule, const TrainingTime& time) {
  const double rate = without_warmup(schedule, time);
  const double warm = schedule.warmup * static_cast<double>(time.steps_per_epoch);
  const double done = static_cast<double>(time.step) + 1;
  return schedule.kind != RateKind::one_cycle && done < warm ? rate * done / warm : rate;
}

}  // namespace lightloom::nn

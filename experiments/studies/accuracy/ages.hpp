#pragma once

#include <string>
#include <vector>

#include "core/files/labelled.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "experiments/results/json.hpp"

namespace lightloom::experiments {

/// What chips measure when the core has run for a time.
struct AgeResult {
  double age_s = 0;          // since it was programmed for the first time
  double state_s = 0;        // since what made it new for the last time (see core_state_s)
  std::vector<double> each;  // by chip: accuracy, or mean squared error where numbers answer
};

/// How old the core of a card is in its physics `age_s` after it was first programmed. With
/// `maintenance` that writes the weights again every T, or calibrates phases again: at most T,
/// which it is just before the next time. Calibration does not make cells new: their age is the
/// whole age.
double core_state_s(const Experiment& card, double age_s);
/// The core of a card at that age; without `ages`, as the card has it.
photonic::CoreCard core_at(const Experiment& card, double age_s);
photonic::CoreCard first_core(const Experiment& card);

/// The list `ages` of a run, with "accuracy" or "mse" as `metric`.
Json ages_json(const std::vector<AgeResult>& ages, const std::string& metric);
/// Axis `age` and by age the metric, its spread over chips and the state. The axis `chip` exists.
void add_ages(Labelled& data, const std::vector<AgeResult>& ages, const std::string& metric);
/// A table.
std::string ages_text(const std::vector<AgeResult>& ages, const std::string& metric);

}  // namespace lightloom::experiments

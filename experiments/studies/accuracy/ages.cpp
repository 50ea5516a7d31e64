#include "experiments/studies/accuracy/ages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/cards/durations.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/statistics/interval.hpp"
#include "experiments/statistics/spread.hpp"
#include "photonic/cores/core_age.hpp"

namespace lightloom::experiments {
namespace {

Spread with_interval(const std::vector<double>& chips) {
  Spread spread = spread_of(chips);
  const Interval interval = mean_interval(chips);
  spread.low = interval.low;
  spread.high = interval.high;
  return spread;
}

Json age_number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

}  // namespace

double core_state_s(const Experiment& card, double age_s) {
  if (!card.maintenance) return age_s;
  const bool renews = card.maintenance->reprogram ||
                      photonic::core_ageing(card.hardware.core) == photonic::Ageing::calibration;
  return renews ? std::min(age_s, card.maintenance->every_s) : age_s;
}

photonic::CoreCard core_at(const Experiment& card, double age_s) {
  return photonic::aged_core(card.hardware.core, core_state_s(card, age_s));
}

photonic::CoreCard first_core(const Experiment& card) {
  return card.ages_s.empty() ? card.hardware.core : core_at(card, card.ages_s.front());
}

Json ages_json(const std::vector<AgeResult>& ages, const std::string& metric) {
  Json all = Json::array();
  for (const AgeResult& age : ages) {
    const Spread spread = with_interval(age.each);
    all.push_back({{"age_s", age.age_s},
                   {"state_s", age.state_s},
                   {metric,
                    {{"mean", spread.mean},
                     {"std", age_number(spread.standard_deviation)},
                     {"interval", Json::array({age_number(spread.low), age_number(spread.high)})},
                     {"each", age.each}}}});
  }
  return all;
}

void add_ages(Labelled& data, const std::vector<AgeResult>& ages, const std::string& metric) {
  std::vector<double> times, states, all, mean, deviation, low, high;
  for (const AgeResult& age : ages) {
    const Spread spread = with_interval(age.each);
    times.push_back(age.age_s);
    states.push_back(age.state_s);
    all.insert(all.end(), age.each.begin(), age.each.end());
    mean.push_back(spread.mean);
    deviation.push_back(spread.standard_deviation);
    low.push_back(spread.low);
    high.push_back(spread.high);
  }
  data.add_axis({"age", times, "s", "time since the core was first programmed"});
  data.add(
      {"state_age", {"age"}, states, "s", "time since its cells or phases were last made new"});
  data.add({metric + "_age_chip", {"age", "chip"}, all, "1", metric + " on each analog chip"});
  data.add({metric + "_age_mean", {"age"}, mean, "1", "mean over chips"});
  data.add({metric + "_age_std", {"age"}, deviation, "1", "standard deviation over chips"});
  data.add({metric + "_age_low", {"age"}, low, "1", "lower end of the mean's 95 % interval"});
  data.add({metric + "_age_high", {"age"}, high, "1", "upper end of the mean's 95 % interval"});
}

std::string ages_text(const std::vector<AgeResult>& ages, const std::string& metric) {
  const bool share = metric == "accuracy";
  const auto shown = [&](double value) {
    return share ? percent(value) : fmt::format("{:.4g}", value);
  };
  TextTable table({"age of the core", share ? metric : "mean squared error", "std over chips"});
  for (const AgeResult& age : ages) {
    const Spread spread = spread_of(age.each);
    std::string name = duration_text(age.age_s);
    if (age.state_s != age.age_s) name += " (as " + duration_text(age.state_s) + ")";
    table.row(
        {name, shown(spread.mean), age.each.size() > 1 ? shown(spread.standard_deviation) : "-"});
  }
  return table.text();
}

}  // namespace lightloom::experiments

#include "nn/train/weight_average.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace lightloom::nn {

void describe(Section& section, SwaCard& card) {
  section.value("start", card.start, not_negative);
  section.value("rate", card.rate, not_negative);
}

WeightAverage::WeightAverage(bool on, std::span<Parameter* const> parameters)
    : parameters_(parameters.begin(), parameters.end()) {
  if (!on) return;
  for (const Parameter* parameter : parameters) values_.push_back(parameter->value);
}

void WeightAverage::follow(double decay) { blend(1 - static_cast<float>(decay)); }

void WeightAverage::include() { blend(1 / static_cast<float>(++count_)); }

/// The first share of a mean is one, and x + (y - x) is not y to the last bit.
void WeightAverage::blend(float share) {
  for (std::size_t p = 0; p < values_.size(); ++p) {
    const std::vector<float>& now = parameters_[p]->value;
    std::vector<float>& average = values_[p];
    if (share == 1) {
      average = now;
      continue;
    }
    for (std::size_t i = 0; i < now.size(); ++i) average[i] += share * (now[i] - average[i]);
  }
}

void WeightAverage::change_places() {
  for (std::size_t p = 0; p < values_.size(); ++p) parameters_[p]->value.swap(values_[p]);
}

void WeightAverage::restore(std::vector<std::vector<float>> values, std::int64_t count) {
  const bool fits =
      std::equal(values.begin(), values.end(), values_.begin(), values_.end(),
                 [](const auto& saved, const auto& own) { return saved.size() == own.size(); });
  require(fits && count >= 0, "the averaged weights are those of another network or card");
  values_ = std::move(values);
  count_ = count;
}

}  // namespace lightloom::nn

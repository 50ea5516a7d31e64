#include "experiments/studies/chip_accuracy.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.hpp"
#include "core/progress.hpp"
#include "experiments/studies/calibrated_chips.hpp"
#include "nn/inference/evaluate.hpp"

namespace lightloom::experiments {

std::vector<ChipResult> evaluate_chips(nn::Network& network, const nn::Dataset& data,
                                       const Experiment& card) {
  return evaluate_chips(network, data, card, *make_chips(card));
}

std::vector<ChipResult> evaluate_chips(nn::Network& network, const nn::Dataset& data,
                                       const Experiment& card, const photonic::TensorCore& core) {
  Progress progress("analog chips", card.chips, "chips");
  std::vector<ChipResult> chips;
  for (int number = 0; number < card.chips; ++number) {
    if (interrupted()) throw Failure("interrupted during the evaluation of chips");
    cosim::Chip chip(core, network, card.hardware.generator,
                     {card.seed, static_cast<std::uint32_t>(number)});
    nn::Inference inference(network, &chip.engine());
    chip.calibrate(inference, data, card.calibration_images);
    const double accuracy = nn::evaluate(inference, data.test).accuracy();
    chips.push_back(
        {.accuracy = accuracy, .counts = chip.counts(), .effective_bits = chip.effective_bits()});
    progress.advance(1, fmt::format("accuracy {:.2f} %", 100 * accuracy));
  }
  return chips;
}

Spread spread_of(const std::vector<double>& values) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  Spread spread{none, none, none, none};
  if (values.empty()) return spread;
  const auto count = static_cast<double>(values.size());
  spread.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  if (values.size() < 2) return spread;
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  spread.standard_deviation = std::sqrt(squares / (count - 1));
  const boost::math::students_t distribution(count - 1);
  const double half =
      boost::math::quantile(distribution, 0.975) * spread.standard_deviation / std::sqrt(count);
  spread.low = spread.mean - half;
  spread.high = spread.mean + half;
  return spread;
}

}  // namespace lightloom::experiments

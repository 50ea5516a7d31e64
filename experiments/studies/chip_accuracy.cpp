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

Chip::Chip(const photonic::TensorCore& core, nn::Network& network, const Experiment& card,
           std::uint32_t number)
    : analog_(core, card.seed, number) {
  if (card.hardware.generator.kind != cosim::GeneratorKind::photonic) return;
  std::vector<nn::StoredWeight*> sources;
  for (nn::WeightLayer& layer : network.weight_layers()) sources.push_back(layer.source.get());
  optical_.emplace(analog_, std::move(sources), card.hardware.generator.noise, card.seed, number);
}

nn::MatrixEngine& Chip::engine() {
  if (optical_) return *optical_;
  return analog_;
}

std::vector<double> Chip::effective_bits() const {
  return optical_ ? optical_->effective_bits_by_layer() : std::vector<double>{};
}

void Chip::calibrate(nn::Inference& inference, const nn::Dataset& data, int images) {
  const nn::ImageSet& set = data.train.size() > 0 ? data.train : data.test;
  std::vector<std::uint32_t> order(std::min(set.size(), static_cast<std::size_t>(images)));
  std::iota(order.begin(), order.end(), 0u);
  nn::Tensor batch;
  std::vector<int> labels;
  nn::fill_batch(set, order, batch, labels);
  analog_.begin_calibration();
  inference.forward(batch);
  analog_.end_calibration();
}

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
    Chip chip(core, network, card, static_cast<std::uint32_t>(number));
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

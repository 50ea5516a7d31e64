#include "cosim/analog/chip.hpp"

#include <algorithm>
#include <numeric>

namespace lightloom::cosim {

Chip::Chip(const photonic::TensorCore& core, nn::Network& network, const GeneratorCard& generator,
           ChipNumber chip)
    : analog_(core, chip.seed, chip.number) {
  if (generator.kind != GeneratorKind::photonic) return;
  std::vector<nn::WeightSource*> sources;
  for (nn::WeightLayer& layer : network.weight_layers()) sources.push_back(layer.source.get());
  optical_.emplace(analog_, std::move(sources), generator.noise, chip.seed, chip.number);
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

}  // namespace lightloom::cosim

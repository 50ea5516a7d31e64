#include "cosim/analog/chip.hpp"

#include <algorithm>

#include "cosim/generator/generator_table.hpp"
#include "nn/data/batch.hpp"

namespace lightloom::cosim {

Chip::Chip(const photonic::TensorCore& core, nn::Network& network, const GeneratorCard& generator,
           ChipNumber chip)
    : analog_(core, chip.seed, chip.number) {
  std::vector<int> repeats;
  for (const nn::WeightLayer& layer : network.weight_layers())
    repeats.push_back(layer.source->row_repeats());
  if (std::any_of(repeats.begin(), repeats.end(), [](int count) { return count > 1; }))
    repeated_.emplace(analog_, std::move(repeats));
  if (!generator.present() || !generator_entry(generator.kind).regenerate) return;
  std::vector<nn::StoredWeight*> sources;
  for (nn::WeightLayer& layer : network.weight_layers()) sources.push_back(layer.source.get());
  optical_.emplace(written(), std::move(sources), generator, chip);
}

nn::MatrixEngine& Chip::engine() {
  if (optical_) return *optical_;
  return written();
}

nn::MatrixEngine& Chip::written() {
  if (repeated_) return *repeated_;
  return analog_;
}

std::vector<double> Chip::effective_bits() const {
  return optical_ ? optical_->effective_bits_by_layer() : std::vector<double>{};
}

void Chip::calibrate(nn::Inference& inference, const nn::Dataset& data, int images) {
  const nn::ImageSet& set = data.train.size() > 0 ? data.train : data.test;
  const std::size_t count = std::min(set.size(), static_cast<std::size_t>(images));
  analog_.begin_calibration();
  nn::for_each_batch(set, {0, count}, count,
                     [&](const nn::Batch& batch, std::size_t) { inference.forward(batch.images); });
  analog_.end_calibration();
}

}  // namespace lightloom::cosim

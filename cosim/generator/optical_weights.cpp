#include "cosim/generator/optical_weights.hpp"

#include <cassert>
#include <limits>

#include "cosim/generator/generator_table.hpp"
#include "cosim/generator/optical_generator.hpp"
#include "nn/weights/multilevel/level_sizes.hpp"

namespace lightloom::cosim {

OpticalWeights::OpticalWeights(nn::MatrixEngine& inner, std::vector<nn::StoredWeight*> sources,
                               const GeneratorCard& generator, ChipNumber chip)
    : inner_(inner),
      sources_(std::move(sources)),
      generator_(generator),
      chip_(chip),
      bits_(sources_.size(), std::numeric_limits<double>::quiet_NaN()) {}

void OpticalWeights::load(int layer, const nn::LayerShape& shape, std::span<const float> weights,
                          std::uint32_t write) {
  const auto k = static_cast<std::size_t>(layer);
  assert(k < sources_.size());
  const auto factors = sources_[k]->factors();
  if (!factors) {
    inner_.load(layer, shape, weights, write);
    return;
  }
  std::vector<float> product(weights.size()), made(weights.size());
  const StreamAddress address{
      .seed = chip_.seed, .chip = chip_.number, .layer = static_cast<std::uint32_t>(layer)};
  generator_entry(generator_.kind).regenerate(generator_, *factors, {address, write}, product);
  nn::in_dense_order(*factors, product, made);
  bits_[k] = effective_bits(weights, made);
  inner_.load(layer, shape, made, write);
}

void OpticalWeights::multiply(int layer, const nn::InputMaps& inputs, std::span<float> outputs) {
  inner_.multiply(layer, inputs, outputs);
}

bool OpticalWeights::multiply_maps(const nn::MapProduct& product) {
  return inner_.multiply_maps(product);
}

}  // namespace lightloom::cosim

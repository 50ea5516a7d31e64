#include "nn/slimmable/width_gate.hpp"

#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"

namespace lightloom::nn {
namespace {

std::size_t at(int number) { return static_cast<std::size_t>(number); }

Parameter gate_parameter(const char* name, int count, bool decay) {
  return {name, std::vector<float>(at(count)), std::vector<float>(at(count)), decay, 0};
}

}  // namespace

WidthGate::WidthGate(const Sizes& sizes, std::uint64_t seed)
    : sizes_(sizes),
      hidden_weight_(gate_parameter("gate.hidden.weight", sizes.hidden * sizes.channels, true)),
      hidden_bias_(gate_parameter("gate.hidden.bias", sizes.hidden, false)),
      weight_(gate_parameter("gate.weight", sizes.choices * sizes.hidden, true)),
      bias_(gate_parameter("gate.bias", sizes.choices, false)) {
  fill_normal(Stream(address_of(family::gate_weights, seed)), 0, hidden_weight_.value);
  const auto deviation = static_cast<float>(std::sqrt(2.0 / sizes.channels));
  for (float& value : hidden_weight_.value) value *= deviation;
}

std::vector<double> WidthGate::logits(std::span<const float> features) {
  const std::size_t channels = at(sizes_.channels), hidden = at(sizes_.hidden),
                    choices = at(sizes_.choices), images = features.size() / channels;
  hidden_.assign(images * hidden, 0.0);
  std::vector<double> logits(images * choices);
  for (std::size_t i = 0; i < images; ++i) {
    for (std::size_t h = 0; h < hidden; ++h) {
      double sum = hidden_bias_.value[h];
      for (std::size_t c = 0; c < channels; ++c)
        sum += double{hidden_weight_.value[h * channels + c]} * features[i * channels + c];
      hidden_[i * hidden + h] = std::max(0.0, sum);
    }
    for (std::size_t k = 0; k < choices; ++k) {
      double sum = bias_.value[k];
      for (std::size_t h = 0; h < hidden; ++h)
        sum += weight_.value[k * hidden + h] * hidden_[i * hidden + h];
      logits[i * choices + k] = sum;
    }
  }
  return logits;
}

void WidthGate::backward(std::span<const float> features, std::span<const double> d_logits) {
  const std::size_t channels = at(sizes_.channels), hidden = at(sizes_.hidden),
                    choices = at(sizes_.choices), images = features.size() / channels;
  const auto add = [](float& sum, double value) { sum += static_cast<float>(value); };
  for (std::size_t i = 0; i < images; ++i) {
    for (std::size_t k = 0; k < choices; ++k) add(bias_.gradient[k], d_logits[i * choices + k]);
    for (std::size_t h = 0; h < hidden; ++h) {
      const double value = hidden_[i * hidden + h];
      double d_hidden = 0;
      for (std::size_t k = 0; k < choices; ++k) {
        const double d = d_logits[i * choices + k];
        add(weight_.gradient[k * hidden + h], d * value);
        d_hidden += d * weight_.value[k * hidden + h];
      }
      if (value <= 0) continue;
      add(hidden_bias_.gradient[h], d_hidden);
      for (std::size_t c = 0; c < channels; ++c)
        add(hidden_weight_.gradient[h * channels + c], d_hidden * features[i * channels + c]);
    }
  }
}

std::vector<std::size_t> WidthGate::choose(std::span<const float> features) {
  const std::vector<double> all = logits(features);
  std::vector<std::size_t> chosen;
  const auto choices = static_cast<std::ptrdiff_t>(sizes_.choices);
  for (auto row = all.begin(); row != all.end(); row += choices)
    chosen.push_back(static_cast<std::size_t>(std::max_element(row, row + choices) - row));
  return chosen;
}

std::vector<Parameter*> WidthGate::parameters() {
  return {&hidden_weight_, &hidden_bias_, &weight_, &bias_};
}

std::int64_t WidthGate::bits() const {
  const std::int64_t hidden = sizes_.hidden, choices = sizes_.choices;
  return 32 * (hidden * (sizes_.channels + 1) + choices * (hidden + 1));
}

std::vector<float> pooled(const Tensor& map) {
  const TensorShape& shape = map.shape();
  const std::int64_t positions = std::int64_t{shape.height} * shape.width;
  std::vector<float> means;
  for (std::int64_t image = 0; image < shape.images; ++image)
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      double sum = 0;
      for (std::int64_t p = 0; p < positions; ++p)
        sum += map.data()[(image * positions + p) * shape.channels + c];
      means.push_back(static_cast<float>(sum / static_cast<double>(positions)));
    }
  return means;
}

}  // namespace lightloom::nn

#include "cosim/corrections/corrector_gradient.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "core/parallel.hpp"

namespace lightloom::cosim {
namespace {

using Numbers = std::vector<float> LayerCorrector::*;
constexpr std::array<Numbers, 5> all_numbers{&LayerCorrector::gain, &LayerCorrector::mixing,
                                             &LayerCorrector::left, &LayerCorrector::right,
                                             &LayerCorrector::offset};

/// One vector of a layer.
struct SeenVector {
  std::span<const float> measured, operand, d_y;
  int phase = 0;
};

void add_factors(const LayerCorrector& c, const SeenVector& seen, LayerCorrector& gradient) {
  const std::size_t outputs = seen.d_y.size(), rank = static_cast<std::size_t>(c.rank),
                    width = seen.operand.size();
  for (std::size_t r = 0; r < rank; ++r) {
    float inner = 0, d_inner = 0;
    for (std::size_t k = 0; k < width; ++k) inner += c.right[r * width + k] * seen.operand[k];
    for (std::size_t o = 0; o < outputs; ++o) {
      gradient.left[o * rank + r] += seen.d_y[o] * inner;
      d_inner += seen.d_y[o] * c.left[o * rank + r];
    }
    for (std::size_t k = 0; k < width; ++k)
      gradient.right[r * width + k] += d_inner * seen.operand[k];
  }
}

void add_vector(const LayerCorrector& c, const SeenVector& seen, LayerCorrector& gradient) {
  const std::size_t outputs = seen.d_y.size();
  if (!c.gain.empty())
    for (std::size_t o = 0; o < outputs; ++o) gradient.gain[o] += seen.d_y[o] * seen.measured[o];
  if (!c.mixing.empty())
    for (std::size_t o = 0; o < outputs; ++o)
      for (std::size_t k = 0; k < outputs; ++k)
        gradient.mixing[o * outputs + k] += seen.d_y[o] * seen.measured[k];
  if (!c.offset.empty())
    for (std::size_t o = 0; o < outputs; ++o)
      gradient.offset[static_cast<std::size_t>(seen.phase) * outputs + o] += seen.d_y[o];
  if (c.rank > 0) add_factors(c, seen, gradient);
}

void add(const LayerCorrector& from, LayerCorrector& to) {
  for (const Numbers numbers : all_numbers)
    for (std::size_t i = 0; i < (to.*numbers).size(); ++i) (to.*numbers)[i] += (from.*numbers)[i];
}

/// Number of the layer that holds all of a shared mixing.
std::size_t widest(const NetworkCorrector& corrector) {
  const auto at = std::max_element(
      corrector.layers.begin(), corrector.layers.end(),
      [](const auto& a, const auto& b) { return a.mixing.size() < b.mixing.size(); });
  return static_cast<std::size_t>(at - corrector.layers.begin());
}

/// Calls use(place in the widest matrix, place in that of `outputs` rows) for the part they share.
template <class Use>
void for_each_shared(std::size_t all, std::size_t outputs, Use use) {
  for (std::size_t o = 0; o < outputs; ++o)
    for (std::size_t k = 0; k < outputs; ++k) use(o * all + k, o * outputs + k);
}

}  // namespace

LayerCorrector zeros_like(const LayerCorrector& corrector) {
  LayerCorrector zeros = corrector;
  for (const Numbers numbers : all_numbers)
    std::fill((zeros.*numbers).begin(), (zeros.*numbers).end(), 0.0F);
  return zeros;
}

void add_gradient(const LayerCorrector& corrector, const CorrectionSeen& seen,
                  LayerCorrector& gradient) {
  constexpr std::ptrdiff_t chunks = 8;  // fixed, so that sums do not depend on threads
  const auto images = static_cast<std::size_t>(seen.inputs.images),
             in = seen.inputs.values.size() / images,
             outputs = static_cast<std::size_t>(seen.layer.shape.out_channels);
  const VectorCount count = seen.layer.count();
  const bool of_inputs = corrector.rank > 0 && corrector.operand == CorrectorOperand::inputs;
  std::vector<LayerCorrector> parts(chunks, zeros_like(corrector));
  parallel_for_dynamic(chunks, [&](std::ptrdiff_t chunk) {
    const auto c = static_cast<std::size_t>(chunk);
    std::vector<float> patch(of_inputs
                                 ? static_cast<std::size_t>(seen.layer.shape.in_channels) *
                                       static_cast<std::size_t>(seen.layer.shape.kernel_area())
                                 : 0);
    for (std::size_t image = images * c / chunks; image < images * (c + 1) / chunks; ++image)
      for (std::int64_t position = 0; position < count.positions; ++position) {
        const std::size_t at = (image * static_cast<std::size_t>(count.positions) +
                                static_cast<std::size_t>(position)) *
                               outputs;
        if (of_inputs)
          take_patch(seen.layer.shape, seen.inputs.values.subspan(image * in, in), position, patch);
        const std::span<const float> measured = seen.measured.subspan(at, outputs);
        add_vector(
            corrector,
            {.measured = measured,
             .operand = of_inputs ? std::span<const float>(patch) : measured,
             .d_y = seen.d_outputs.subspan(at, outputs),
             .phase = count.phase(seen.inputs.first_image + image, position, corrector.period)},
            parts[c]);
      }
  });
  for (const LayerCorrector& part : parts) add(part, gradient);
}

std::vector<nn::Parameter> parameters_of(const NetworkCorrector& corrector) {
  std::vector<nn::Parameter> parameters;
  const auto push = [&](const std::vector<float>& numbers) {
    if (!numbers.empty())
      parameters.push_back({.name = corrector.name,
                            .value = numbers,
                            .gradient = std::vector<float>(numbers.size()),
                            .decay = false});
  };
  if (corrector.shared) {
    push(corrector.layers[widest(corrector)].mixing);
    return parameters;
  }
  for (const LayerCorrector& layer : corrector.layers)
    for (const Numbers numbers : all_numbers) push(layer.*numbers);
  return parameters;
}

void set_parameters(std::span<const nn::Parameter> parameters, NetworkCorrector& corrector) {
  if (corrector.shared) {
    const std::vector<float>& mixing = parameters.front().value;
    const auto all = static_cast<std::size_t>(corrector.layers[widest(corrector)].outputs);
    for (LayerCorrector& layer : corrector.layers)
      for_each_shared(all, static_cast<std::size_t>(layer.outputs),
                      [&](std::size_t from, std::size_t to) { layer.mixing[to] = mixing[from]; });
    return;
  }
  std::size_t next = 0;
  for (LayerCorrector& layer : corrector.layers)
    for (const Numbers numbers : all_numbers)
      if (!(layer.*numbers).empty()) layer.*numbers = parameters[next++].value;
}

void give_gradients(const NetworkCorrector& gradients, std::span<nn::Parameter> parameters) {
  const auto add_to = [](nn::Parameter& parameter, const std::vector<float>& from) {
    assert(parameter.gradient.size() == from.size());
    for (std::size_t i = 0; i < from.size(); ++i) parameter.gradient[i] += from[i];
  };
  if (gradients.shared) {
    const auto all = static_cast<std::size_t>(gradients.layers[widest(gradients)].outputs);
    for (const LayerCorrector& layer : gradients.layers)
      for_each_shared(all, static_cast<std::size_t>(layer.outputs),
                      [&](std::size_t to, std::size_t from) {
                        parameters.front().gradient[to] += layer.mixing[from];
                      });
    return;
  }
  std::size_t next = 0;
  for (const LayerCorrector& layer : gradients.layers)
    for (const Numbers numbers : all_numbers)
      if (!(layer.*numbers).empty()) add_to(parameters[next++], layer.*numbers);
}

}  // namespace lightloom::cosim

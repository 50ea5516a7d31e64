#include "cosim/corrections/layer_corrector.hpp"

#include <algorithm>

#include "core/parallel.hpp"

namespace lightloom::cosim {
namespace {

/// What one thread works in.
struct Scratch {
  std::vector<float> before, patch;
};

float dot(const float* a, const float* b, std::size_t count) {
  float sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

/// One vector: `before` holds what was measured, `y` the same.
void correct_vector(const LayerCorrector& c, const Scratch& scratch, std::span<const float> operand,
                    std::span<float> y) {
  const std::size_t outputs = y.size(), rank = static_cast<std::size_t>(c.rank);
  if (!c.gain.empty())
    for (std::size_t o = 0; o < outputs; ++o) y[o] *= c.gain[o];
  if (!c.mixing.empty())
    for (std::size_t o = 0; o < outputs; ++o)
      y[o] = dot(c.mixing.data() + o * outputs, scratch.before.data(), outputs);
  for (std::size_t r = 0; r < rank; ++r) {
    const float inner = dot(c.right.data() + r * operand.size(), operand.data(), operand.size());
    for (std::size_t o = 0; o < outputs; ++o) y[o] += c.left[o * rank + r] * inner;
  }
}

}  // namespace

std::int64_t LayerCorrector::numbers() const {
  return static_cast<std::int64_t>(gain.size() + mixing.size() + left.size() + right.size() +
                                   offset.size());
}

int VectorCount::phase(std::uint64_t image, std::int64_t position, int period) const {
  const auto p = static_cast<std::uint64_t>(period);
  const std::uint64_t each =
      static_cast<std::uint64_t>(positions) % p * static_cast<std::uint64_t>(passes) % p;
  return static_cast<int>((image % p * each + static_cast<std::uint64_t>(position)) % p);
}

void take_patch(const nn::LayerShape& shape, std::span<const float> map, std::int64_t position,
                std::span<float> patch) {
  const int y = static_cast<int>(position) / shape.out_width,
            x = static_cast<int>(position) % shape.out_width;
  const auto channels = static_cast<std::size_t>(shape.in_channels),
             area = static_cast<std::size_t>(shape.kernel_area());
  std::size_t place = 0;
  for (int i = 0; i < shape.kernel_height; ++i)
    for (int j = 0; j < shape.kernel_width; ++j, ++place) {
      const int row = y * shape.stride.height - shape.padding.top + i * shape.dilation.height,
                column = x * shape.stride.width - shape.padding.left + j * shape.dilation.width;
      const bool inside =
          row >= 0 && row < shape.in_height && column >= 0 && column < shape.in_width;
      const float* pixel = inside ? map.data() + (static_cast<std::size_t>(row) *
                                                      static_cast<std::size_t>(shape.in_width) +
                                                  static_cast<std::size_t>(column)) *
                                                     channels
                                  : nullptr;
      for (std::size_t c = 0; c < channels; ++c) patch[c * area + place] = inside ? pixel[c] : 0.0F;
    }
}

void correct(const LayerCorrector& corrector, const CorrectedLayer& layer,
             const nn::InputMaps& inputs, std::span<float> outputs) {
  if (corrector.numbers() == 0) return;
  const auto images = static_cast<std::size_t>(inputs.images), in = inputs.values.size() / images,
             each = static_cast<std::size_t>(layer.shape.out_channels);
  const VectorCount count = layer.count();
  const bool of_inputs = corrector.rank > 0 && corrector.operand == CorrectorOperand::inputs;
  const std::size_t width = static_cast<std::size_t>(layer.shape.in_channels) *
                            static_cast<std::size_t>(layer.shape.kernel_area());
  parallel_for_with(
      inputs.images,
      [&] {
        return Scratch{.before = std::vector<float>(each),
                       .patch = std::vector<float>(of_inputs ? width : 0)};
      },
      [&](std::ptrdiff_t image, Scratch& scratch) {
        const auto k = static_cast<std::size_t>(image);
        for (std::int64_t position = 0; position < count.positions; ++position) {
          const std::span<float> y = outputs.subspan(
              (k * static_cast<std::size_t>(count.positions) + static_cast<std::size_t>(position)) *
                  each,
              each);
          std::copy(y.begin(), y.end(), scratch.before.begin());
          if (of_inputs)
            take_patch(layer.shape, inputs.values.subspan(k * in, in), position, scratch.patch);
          correct_vector(corrector, scratch, of_inputs ? scratch.patch : scratch.before, y);
          if (corrector.offset.empty()) continue;
          const int phase = count.phase(inputs.first_image + k, position, corrector.period);
          const float* offset = corrector.offset.data() + static_cast<std::size_t>(phase) * each;
          for (std::size_t o = 0; o < each; ++o) y[o] += offset[o];
        }
      });
}

DigitalWork corrector_work(const LayerCorrector& corrector, const nn::LayerShape& shape) {
  const std::int64_t outputs = shape.out_channels, positions = shape.positions();
  std::int64_t multiplies = 0, adds = 0;
  if (!corrector.gain.empty()) multiplies += outputs;
  if (!corrector.mixing.empty()) {
    multiplies += outputs * outputs;
    adds += outputs * (outputs - 1);
  }
  if (corrector.rank > 0) {
    const auto inner = static_cast<std::int64_t>(corrector.right.size());  // rank times its inputs
    multiplies += inner + outputs * corrector.rank;
    adds += inner - corrector.rank + outputs * corrector.rank;
  }
  if (!corrector.offset.empty()) adds += outputs;
  const bool reads_again = corrector.rank > 0 && corrector.operand == CorrectorOperand::inputs;
  // Offsets of one phase; all the other numbers.
  const auto offsets = static_cast<std::int64_t>(corrector.offset.size());
  const std::int64_t looked_up = corrector.numbers() - offsets + (offsets > 0 ? outputs : 0);
  const std::int64_t map = std::int64_t{shape.in_height} * shape.in_width * shape.in_channels;
  return {.adds = adds * positions,
          .multiplies = multiplies * positions,
          .lookups = looked_up * positions,
          .reads = reads_again ? map : 0};
}

}  // namespace lightloom::cosim

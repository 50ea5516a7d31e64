#include "cosim/repeated_rows.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace lightloom::cosim {
namespace {

double product(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(
      a.begin(), a.end(), b.begin(), 0.0, [](double sum, double next) { return sum + next; },
      [](float x, float y) { return double{x} * y; });
}

}  // namespace

RepeatedRows::RepeatedRows(nn::MatrixEngine& inner, std::vector<int> repeats)
    : inner_(inner), repeats_(std::move(repeats)) {}

void RepeatedRows::load(int layer, const nn::LayerShape& shape, std::span<const float> weights,
                        std::uint32_t write) {
  const int repeats = repeats_[static_cast<std::size_t>(layer)];
  if (repeats == 1 || shape.groups > 1) {
    inner_.load(layer, shape, weights, write);
    return;
  }
  assert(shape.out_channels % repeats == 0);
  nn::LayerShape run_shape = shape;
  run_shape.out_channels /= repeats;
  const std::size_t rows = static_cast<std::size_t>(run_shape.out_channels),
                    size = weights.size() / static_cast<std::size_t>(repeats), row = size / rows;
  std::span<const float> largest = weights.first(size);
  for (std::size_t first = size; first < weights.size(); first += size) {
    const std::span<const float> run = weights.subspan(first, size);
    if (product(run, run) > product(largest, largest)) largest = run;
  }
  std::vector<float>& factors = factors_[layer];
  factors.assign(static_cast<std::size_t>(shape.out_channels), 0.0F);
  for (std::size_t r = 0; r < factors.size(); ++r) {
    const std::span<const float> base = largest.subspan(r % rows * row, row);
    const double square = product(base, base);
    if (square > 0)
      factors[r] = static_cast<float>(product(weights.subspan(r * row, row), base) / square);
  }
  inner_.load(layer, run_shape, largest, write);
}

void RepeatedRows::multiply(int layer, const nn::InputMaps& inputs, std::span<float> outputs) {
  const auto found = factors_.find(layer);
  if (found == factors_.end()) {
    inner_.multiply(layer, inputs, outputs);
    return;
  }
  const std::vector<float>& factors = found->second;
  const std::size_t repeats = static_cast<std::size_t>(repeats_[static_cast<std::size_t>(layer)]),
                    rows = factors.size() / repeats, vectors = outputs.size() / factors.size();
  std::vector<float> run(vectors * rows);
  inner_.multiply(layer, inputs, run);
  for (std::size_t v = 0; v < vectors; ++v)
    for (std::size_t r = 0; r < factors.size(); ++r)
      outputs[v * factors.size() + r] = factors[r] * run[v * rows + r % rows];
}

bool RepeatedRows::multiply_maps(const nn::MapProduct& maps) { return inner_.multiply_maps(maps); }

}  // namespace lightloom::cosim

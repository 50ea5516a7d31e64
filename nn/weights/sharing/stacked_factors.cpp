#include "nn/weights/sharing/stacked_factors.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "nn/weights/source/one_thread.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {
namespace {

/// A tensor [outer, rows, columns] in single precision.
struct Block {
  std::size_t outer, rows, columns;
  [[nodiscard]] std::size_t at(std::size_t o, std::size_t r, std::size_t c) const {
    return (o * rows + r) * columns + c;
  }
};

std::size_t extent(int n) { return static_cast<std::size_t>(n); }

/// What a smaller tensor has, the rest zero.
std::vector<float> padded(std::span<const float> values, const Block& from, const Block& to) {
  std::vector<float> all(to.outer * to.rows * to.columns);
  for (std::size_t o = 0; o < from.outer; ++o)
    for (std::size_t r = 0; r < from.rows; ++r)
      for (std::size_t c = 0; c < from.columns; ++c) all[to.at(o, r, c)] = values[from.at(o, r, c)];
  return all;
}

/// Columns `first` and on of a tensor, as many as `to` has, in `to.rows` rows; missing ones zero.
std::vector<float> slice(std::span<const float> values, const Block& from, const Block& to,
                         std::size_t first) {
  std::vector<float> part(to.outer * to.rows * to.columns);
  for (std::size_t o = 0; o < from.outer; ++o)
    for (std::size_t r = 0; r < from.rows; ++r)
      for (std::size_t c = 0; c < to.columns; ++c)
        part[to.at(o, r, c)] = values[from.at(o, r, first + c)];
  return part;
}

}  // namespace

StackedFactors::StackedFactors(const GeneratorPlan& plan, double peak)
    : plan_(plan),
      peak_(peak),
      u_(make_tensor("intra", plan.sizes.u(), plan.bits.intra, plan.rounding)),
      v_(make_tensor("cross", plan.sizes.v(), plan.bits.cross, plan.rounding)),
      taken_u_(u_.levels.size()),
      taken_v_(v_.levels.size()) {}

int StackedFactors::join() {
  layers_.push_back(
      {.basis = make_tensor("basis", plan_.sizes.basis(), plan_.bits.basis, plan_.rounding),
       .gain = {.name = "gain", .value = {1.0f}, .gradient = {0.0f}, .decay = false},
       .given = {}});
  return static_cast<int>(layers_.size()) - 1;
}

/// Of all layers as one; a stack has no more components than positions.
LevelSizes StackedFactors::stack_sizes() const {
  LevelSizes sizes = plan_.sizes;
  sizes.layout = Layout::plain;
  sizes.area *= static_cast<int>(layers_.size());
  if (sizes.intra_on()) sizes.intra = std::min(sizes.intra, sizes.area);
  if (sizes.cross_on) sizes.cross = std::min(sizes.cross, sizes.columns());
  return sizes;
}

std::vector<float> StackedFactors::stack() const {
  const auto area = extent(plan_.sizes.area), all = area * layers_.size(),
             rows = extent(plan_.sizes.kernels) * extent(plan_.sizes.channels);
  std::vector<float> whole(rows * all);
  for (std::size_t l = 0; l < layers_.size(); ++l)
    for (std::size_t r = 0; r < rows; ++r)
      std::copy_n(layers_[l].given.data() + r * area, area, whole.data() + r * all + l * area);
  return whole;
}

void StackedFactors::encode(int layer, std::span<const float> ordered) {
  at(layer).given.assign(ordered.begin(), ordered.end());
  if (std::ranges::any_of(layers_, [](const Layer& one) { return one.given.empty(); })) return;
  const OneThread one_thread;
  const LevelSizes sizes = stack_sizes();
  set_factors(sizes, fit_by_svd(stack(), sizes, peak_));
}

/// Components that the fit has not are zero.
void StackedFactors::set_factors(const LevelSizes& fitted, const TwoLevelFit& fit) {
  const LevelSizes& own = plan_.sizes;
  const auto u_block = [](const LevelSizes& sizes) {
    return Block{extent(sizes.cross), extent(sizes.channels), extent(sizes.intra)};
  };
  const auto v_block = [](const LevelSizes& sizes) {
    return Block{1, extent(sizes.kernels), extent(sizes.cross)};
  };
  const auto basis_block = [](const LevelSizes& sizes) {
    return Block{extent(sizes.cross), extent(sizes.intra_on() ? sizes.intra : sizes.channels),
                 extent(sizes.area)};
  };
  double gain = fit.gain;
  if (u_.on()) gain *= set_latent(u_, padded(fit.u, u_block(fitted), u_block(own)));
  if (v_.on()) gain *= set_latent(v_, padded(fit.v, v_block(fitted), v_block(own)));
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const std::size_t first = l * extent(own.area);
    const auto values = slice(fit.basis, basis_block(fitted), basis_block(own), first);
    layers_[l].gain.value[0] = static_cast<float>(gain * set_latent(layers_[l].basis, values));
  }
}

void StackedFactors::take(std::span<const CodedStream> streams) {
  std::size_t next = 0;
  if (u_.on()) from_words(streams[next++], u_.coding(), taken_u_);
  if (v_.on()) from_words(streams[next++], v_.coding(), taken_v_);
  is_taken_ = true;
}

void StackedFactors::require_taken() const {
  require(is_taken_,
          "a layer's words refer to those that an earlier layer stores (unpack that first)");
}

}  // namespace lightloom::nn

#include "nn/weights/multilevel_source.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "nn/optimizer.hpp"
#include "nn/weights/latent.hpp"
#include "nn/weights/two_level_fit.hpp"

namespace lightloom::nn {
namespace {

template <class Real>
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class Real>
using View = Eigen::Map<Matrix<Real>, 0, Eigen::OuterStride<>>;
template <class Real>
using ConstView = Eigen::Map<const Matrix<Real>, 0, Eigen::OuterStride<>>;

/// Columns multiplied at once: the panel of all kernels stays in the second-level cache.
constexpr int panel_columns = 512;

/// The largest integers float and double hold exactly.
constexpr double exact_in_float = 16777216.0, exact_in_double = 9007199254740992.0;

Factor make_factor(const char* name, std::int64_t count, int bits, const SourceCard& card) {
  Factor factor{.bits = bits, .rounded = card.quantised()};
  const auto size = static_cast<std::size_t>(count);
  factor.scale = {.range = 0, .scale = 1};
  factor.latent.name = name;
  for (auto* buffer : {&factor.latent.value, &factor.latent.gradient, &factor.squashed,
                       &factor.levels, &factor.d_value})
    buffer->resize(size);
  return factor;
}

void quantise_factor(Factor& factor) {
  if (!factor.on()) return;
  if (factor.rounded)
    factor.scale = dorefa_forward(factor.latent.value, factor.bits, factor.squashed, factor.levels);
  else
    std::copy(factor.latent.value.begin(), factor.latent.value.end(), factor.levels.begin());
}

/// `outside`: product of everything that multiplies this factor's values but its own scale.
void finish_gradient(Factor& factor, float outside) {
  if (!factor.on()) return;
  for (float& d : factor.d_value) d *= outside;
  if (factor.rounded) {
    dorefa_backward(factor.squashed, factor.bits, factor.scale, factor.d_value,
                    factor.latent.gradient);
    return;
  }
  for (std::size_t i = 0; i < factor.d_value.size(); ++i)
    factor.latent.gradient[i] += factor.d_value[i];
}

/// Sets the latent so that the quantiser gives `values`; returns what the gain must make good for
/// it.
double set_latent(Factor& factor, std::span<const float> values) {
  std::copy(values.begin(), values.end(), factor.latent.value.begin());
  if (!factor.rounded || values.empty()) return 1;
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  to_latent(factor.latent.value, factor.bits, 1.0f);
  return factor.bits == 32 && largest > 0 ? largest
                                          : 1.0;  // 32 bits: the quantiser stretches to one
}

std::uint32_t name_number(const std::string& name) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

struct Panel {
  int group = 0, first = 0, count = 0;  // columns of the kernel matrix; never across groups
};

template <class Use>
void for_panels(const Slots& slots, Use use) {
  const int per_group = slots.columns() / slots.groups;
  for (int group = 0; group < slots.groups; ++group)
    for (int at = 0; at < per_group; at += panel_columns)
      use(Panel{group, group * per_group + at, std::min(panel_columns, per_group - at)});
}

/// Where row `kernel` of a panel lies in [out, in/groups, kh, kw].
std::size_t dense_offset(const Slots& slots, const Panel& panel, int kernel) {
  const auto per_group = static_cast<std::size_t>(slots.columns() / slots.groups);
  const auto group = static_cast<std::size_t>(panel.group);
  const std::size_t row =
      group * static_cast<std::size_t>(slots.kernels) + static_cast<std::size_t>(kernel);
  return row * per_group + static_cast<std::size_t>(panel.first) - group * per_group;
}

/// kernels[m, c, s] = sum over b of u[m, c, b] basis[m, b, s].
template <class Real>
void level_one(const Slots& slots, const float* u, const float* basis, Real* kernels) {
  const int area = slots.area, intra = slots.intra;
  for (int m = 0; m < slots.cross; ++m, basis += intra * area)
    for (int c = 0; c < slots.channels; ++c, u += intra, kernels += area) {
      for (int s = 0; s < area; ++s) kernels[s] = Real(u[0]) * Real(basis[s]);
      for (int b = 1; b < intra; ++b)
        for (int s = 0; s < area; ++s) kernels[s] += Real(u[b]) * Real(basis[b * area + s]);
    }
}

/// dU_i = G_i Wb_i^T and dWb_i = U_i^T G_i.
void level_one_backward(const Slots& slots, const float* d_kernels, Factor& u, Factor& basis) {
  const int area = slots.area, intra = slots.intra;
  std::fill(basis.d_value.begin(), basis.d_value.end(), 0.0f);
  const float* level = u.levels.data();
  float* d_u = u.d_value.data();
  for (int m = 0; m < slots.cross; ++m) {
    const float* wb = basis.levels.data() + std::ptrdiff_t{m} * intra * area;
    float* d_wb = basis.d_value.data() + std::ptrdiff_t{m} * intra * area;
    for (int c = 0; c < slots.channels; ++c, d_kernels += area, level += intra, d_u += intra)
      for (int b = 0; b < intra; ++b) {
        float sum = 0;
        for (int s = 0; s < area; ++s) {
          sum += d_kernels[s] * wb[b * area + s];
          d_wb[b * area + s] += level[b] * d_kernels[s];
        }
        d_u[b] = sum;
      }
  }
}

/// panel = V kernels[:, panel].
template <class Real>
void level_two(const Slots& slots, const Panel& panel, const Real* v, const Real* kernels,
               Real* out) {
  const Eigen::OuterStride<> columns(slots.columns());
  const ConstView<Real> left(v, slots.kernels, slots.cross, Eigen::OuterStride<>(slots.cross));
  const ConstView<Real> right(kernels + panel.first, slots.cross, panel.count, columns);
  View<Real>(out, slots.kernels, panel.count, Eigen::OuterStride<>(panel.count)).noalias() =
      left * right;
}

template <class Real>
void store_panel(const Slots& slots, const Panel& panel, const Real* rows, std::ptrdiff_t stride,
                 float scale, std::span<float> dense) {
  for (int kernel = 0; kernel < slots.kernels; ++kernel) {
    const Real* from = rows + kernel * stride;
    float* to = dense.data() + dense_offset(slots, panel, kernel);
    for (int i = 0; i < panel.count; ++i) to[i] = scale * static_cast<float>(from[i]);
  }
}

}  // namespace

MultilevelSource::MultilevelSource(const SourceCard& card, const LayerShape& shape)
    : card_(card), shape_(shape), slots_(card.slots(shape)) {
  assert(slots_.generated());
  basis_ = make_factor("basis", slots_.basis(), card.factor_bits.basis, card);
  u_ = make_factor("intra", slots_.u(), card.factor_bits.intra, card);
  v_ = make_factor("cross", slots_.v(), card.factor_bits.cross, card);
  gain_ = {.name = "gain", .value = {1.0f}, .gradient = {0.0f}, .decay = false};
  const double bound = integer_bound();
  wide_ = bound >= exact_in_float && bound < exact_in_double;
  const auto kernels = static_cast<std::size_t>(std::int64_t{slots_.cross} * slots_.columns());
  const auto panel = static_cast<std::size_t>(slots_.kernels) * panel_columns;
  kernels_.resize(kernels);
  d_kernels_.resize(kernels);
  if (wide_) {
    kernels_wide_.resize(kernels);
    v_wide_.resize(v_.levels.size());
    panel_wide_.resize(slots_.cross_on ? panel : 0);
  } else {
    panel_.resize(slots_.cross_on ? panel : 0);
  }
  if (slots_.groups > 1 && slots_.kernels > 1)
    gathered_.resize(static_cast<std::size_t>(slots_.dense()));
}

double MultilevelSource::integer_bound() const {
  double bound = 1;
  for (const Factor* factor : {&basis_, &u_, &v_})
    if (factor->on()) bound *= factor->integer() ? std::exp2(factor->bits) - 1 : 0.0;
  return bound * (slots_.intra_on() ? slots_.intra : 1) * (slots_.cross_on ? slots_.cross : 1);
}

void MultilevelSource::quantise() {
  for (Factor* factor : {&basis_, &u_, &v_}) quantise_factor(*factor);
}

float MultilevelSource::total_scale() const {
  double scale = gain_.value[0];
  for (const Factor* factor : {&basis_, &u_, &v_}) scale *= factor->scale.scale;
  return static_cast<float>(scale);
}

void MultilevelSource::generate_kernels() {
  if (wide_) {
    if (slots_.intra_on())
      level_one(slots_, u_.levels.data(), basis_.levels.data(), kernels_wide_.data());
    else
      std::copy(basis_.levels.begin(), basis_.levels.end(), kernels_wide_.begin());
    std::copy(v_.levels.begin(), v_.levels.end(), v_wide_.begin());
    std::transform(kernels_wide_.begin(), kernels_wide_.end(), kernels_.begin(),
                   [](double value) { return static_cast<float>(value); });
  } else if (slots_.intra_on()) {
    level_one(slots_, u_.levels.data(), basis_.levels.data(), kernels_.data());
  } else {
    std::copy(basis_.levels.begin(), basis_.levels.end(), kernels_.begin());
  }
}

void MultilevelSource::materialise(std::span<float> dense) {
  assert(static_cast<std::int64_t>(dense.size()) == slots_.dense());
  quantise();
  generate_kernels();
  const float scale = total_scale();
  for_panels(slots_, [&](const Panel& panel) {
    if (!slots_.cross_on && wide_) {
      store_panel(slots_, panel, kernels_wide_.data() + panel.first, slots_.columns(), scale,
                  dense);
    } else if (!slots_.cross_on) {
      store_panel(slots_, panel, kernels_.data() + panel.first, slots_.columns(), scale, dense);
    } else if (wide_) {
      level_two(slots_, panel, v_wide_.data(), kernels_wide_.data(), panel_wide_.data());
      store_panel(slots_, panel, panel_wide_.data(), panel.count, scale, dense);
    } else {
      level_two(slots_, panel, v_.levels.data(), kernels_.data(), panel_.data());
      store_panel(slots_, panel, panel_.data(), panel.count, scale, dense);
    }
  });
}

std::span<const float> MultilevelSource::by_kernel(std::span<const float> dense) {
  if (gathered_.empty()) return dense;
  for_panels(slots_, [&](const Panel& panel) {
    for (int kernel = 0; kernel < slots_.kernels; ++kernel)
      std::copy_n(dense.data() + dense_offset(slots_, panel, kernel), panel.count,
                  gathered_.data() + std::ptrdiff_t{kernel} * slots_.columns() + panel.first);
  });
  return gathered_;
}

void MultilevelSource::backward(std::span<const float> d_dense) {
  const std::span<const float> g = by_kernel(d_dense);
  const float* d_kernels = g.data();
  if (slots_.cross_on) {
    const int columns = slots_.columns();
    const Eigen::Map<const Matrix<float>> dw(g.data(), slots_.kernels, columns);
    const Eigen::Map<const Matrix<float>> kernels(kernels_.data(), slots_.cross, columns);
    const Eigen::Map<const Matrix<float>> v(v_.levels.data(), slots_.kernels, slots_.cross);
    Eigen::Map<Matrix<float>>(v_.d_value.data(), slots_.kernels, slots_.cross).noalias() =
        dw * kernels.transpose();
    Eigen::Map<Matrix<float>>(d_kernels_.data(), slots_.cross, columns).noalias() =
        v.transpose() * dw;
    d_kernels = d_kernels_.data();
  }
  if (slots_.intra_on())
    level_one_backward(slots_, d_kernels, u_, basis_);
  else
    std::copy_n(d_kernels, basis_.d_value.size(), basis_.d_value.begin());
  const float gain = gain_.value[0];
  finish_gradient(v_, gain * basis_.scale.scale * u_.scale.scale);
  finish_gradient(u_, gain * basis_.scale.scale * v_.scale.scale);
  finish_gradient(basis_, gain * u_.scale.scale * v_.scale.scale);
}

void MultilevelSource::encode(std::span<const float> dense) {
  assert(static_cast<std::int64_t>(dense.size()) == slots_.dense());
  const ProjectionCard& projection = card_.projection;
  if (projection.method == ProjectionCard::Method::random) {
    TwoLevelFit fit = random_fit(slots_, projection.seed, name_number(shape_.name));
    basis_.latent.value = std::move(fit.basis);
    u_.latent.value = std::move(fit.u);
    v_.latent.value = std::move(fit.v);
    gain_.value[0] = 1;
    return;
  }
  const TwoLevelFit fit = fit_by_svd(by_kernel(dense), slots_, projection.peak);
  double gain = fit.gain;
  gain *= set_latent(basis_, fit.basis);
  gain *= set_latent(u_, fit.u);
  gain *= set_latent(v_, fit.v);
  gain_.value[0] = static_cast<float>(gain);
  if (projection.method == ProjectionCard::Method::l2) improve(dense);
}

/// RAdam on ||W - target||^2 / ||target||^2, quantisers inside; the rate falls as a cosine, the
/// best step is kept.
void MultilevelSource::improve(std::span<const float> target) {
  double norm = 0;
  for (const float value : target) norm += static_cast<double>(value) * value;
  if (norm == 0) return;
  std::vector<Parameter*> trained = parameters();
  Optimizer optimizer({.kind = OptimizerKind::radam}, trained);
  optimizer.clear_gradients();
  std::vector<std::vector<float>> best(trained.size());
  double least = std::numeric_limits<double>::infinity();
  std::vector<float> weight(target.size());
  const int steps = card_.projection.steps;
  for (int step = 0; step <= steps; ++step) {
    materialise(weight);
    double error = 0;
    for (std::size_t i = 0; i < weight.size(); ++i) {
      const float miss = weight[i] - target[i];
      error += static_cast<double>(miss) * miss;
      weight[i] = static_cast<float>(2.0 * miss / norm);
    }
    if (error < least) {
      least = error;
      for (std::size_t i = 0; i < trained.size(); ++i) best[i] = trained[i]->value;
    }
    backward(weight);
    optimizer.step(card_.projection.rate * 0.5 * (1 + std::cos(M_PI * step / std::max(1, steps))));
  }
  for (std::size_t i = 0; i < trained.size(); ++i) trained[i]->value = best[i];
}

std::vector<Parameter*> MultilevelSource::parameters() {
  std::vector<Parameter*> all;
  for (Factor* factor : {&basis_, &u_, &v_})
    if (factor->on()) all.push_back(&factor->latent);
  return all;
}

std::optional<Factors> MultilevelSource::factors() {
  quantise();
  const auto fill = [](const Factor& factor, float extra, std::vector<float>& values) {
    values.resize(factor.levels.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = extra * factor.scale.scale * factor.levels[i];
  };
  const float gain = gain_.value[0];
  fill(v_, gain, v_values_);
  fill(u_, v_.on() ? 1.0f : gain, u_values_);
  fill(basis_, v_.on() || u_.on() ? 1.0f : gain, basis_values_);
  return Factors{.out = slots_.kernels,
                 .in = slots_.channels,
                 .area = slots_.area,
                 .cross = slots_.cross,
                 .intra = slots_.intra,
                 .basis = basis_values_,
                 .u = u_values_,
                 .v = v_values_};
}

std::vector<StoredStream> multilevel_streams(const SourceCard& card, const LayerShape& shape) {
  const Slots slots = card.slots(shape);
  const auto bits = [&](int own) { return card.quantised() ? own : 32; };
  std::vector<StoredStream> streams{
      {.name = "basis", .count = slots.basis(), .bits = bits(card.factor_bits.basis)}};
  if (slots.intra_on())
    streams.push_back({.name = "intra", .count = slots.u(), .bits = bits(card.factor_bits.intra)});
  if (slots.cross_on)
    streams.push_back({.name = "cross", .count = slots.v(), .bits = bits(card.factor_bits.cross)});
  streams.push_back({.name = "scale", .count = 1, .bits = 32, .in_ratio = false});
  return streams;
}

std::vector<StoredStream> MultilevelSource::streams() const {
  return multilevel_streams(card_, shape_);
}

RegenerationWork MultilevelSource::work() const {
  const std::int64_t kernels = std::int64_t{slots_.cross} * slots_.columns();
  return {.intra_macs = slots_.intra_on() ? kernels * slots_.intra : 0,
          .cross_macs = slots_.cross_on ? kernels * slots_.kernels : 0};
}

}  // namespace lightloom::nn

#include "nn/weights/multilevel/multilevel_source.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "nn/optim/optimizer.hpp"
#include "nn/weights/multilevel/orthogonality.hpp"
#include "nn/weights/multilevel/two_level_fit.hpp"
#include "nn/weights/multilevel/two_level_product.hpp"
#include "nn/weights/source/one_thread.hpp"

namespace lightloom::nn {
namespace {

/// The largest integers float and double hold exactly.
constexpr double exact_in_float = 16777216.0, exact_in_double = 9007199254740992.0;

std::uint32_t name_number(const std::string& name) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

}  // namespace

MultilevelSource::MultilevelSource(const GeneratorPlan& plan, const MultilevelCard& card,
                                   const LayerShape& shape)
    : card_(card), shape_(shape), plan_(plan), sizes_(plan.sizes) {
  assert(sizes_.generated());
  basis_ = make_tensor("basis", sizes_.basis(), plan.bits.basis, plan.rounding);
  u_ = make_tensor("intra", sizes_.u(), plan.bits.intra, plan.rounding);
  v_ = make_tensor("cross", sizes_.v(), plan.bits.cross, plan.rounding);
  gain_ = {.name = "gain", .value = {1.0f}, .gradient = {0.0f}, .decay = false};
  const double bound = integer_bound();
  wide_ = bound >= exact_in_float && bound < exact_in_double;
  const auto kernels = static_cast<std::size_t>(std::int64_t{sizes_.cross} * sizes_.columns());
  kernels_.resize(kernels);
  d_kernels_.resize(kernels);
  if (wide_) {
    kernels_wide_.resize(kernels);
    v_wide_.resize(v_.levels.size());
  }
  if (sizes_.layout != Layout::plain) ordered_.resize(static_cast<std::size_t>(sizes_.dense()));
}

double MultilevelSource::integer_bound() const {
  double bound = 1;
  for (const QuantisedTensor* factor : {&basis_, &u_, &v_})
    if (factor->on()) bound *= factor->integer() ? std::exp2(factor->bits) - 1 : 0.0;
  return bound * (sizes_.intra_on() ? sizes_.intra : 1) * (sizes_.cross_on ? sizes_.cross : 1);
}

void MultilevelSource::quantise_factors() {
  std::uint64_t shot = 0;
  for (QuantisedTensor* factor : factors_on()) {
    quantise(*factor);
    if (noisy()) keep_unrounded(*factor, card_.quant_ratio, *step_, shot++);
  }
}

float MultilevelSource::total_scale() const {
  double scale = gain_.value[0];
  for (const QuantisedTensor* factor : {&basis_, &u_, &v_}) scale *= factor->scale.scale;
  return static_cast<float>(scale);
}

void MultilevelSource::generate_kernels() {
  const TwoLevels levels{.u = u_.levels, .basis = basis_.levels};
  if (wide_) {
    if (sizes_.intra_on())
      level_one<double>(sizes_, levels, kernels_wide_);
    else
      std::copy(basis_.levels.begin(), basis_.levels.end(), kernels_wide_.begin());
    std::copy(v_.levels.begin(), v_.levels.end(), v_wide_.begin());
    std::transform(kernels_wide_.begin(), kernels_wide_.end(), kernels_.begin(),
                   [](double value) { return static_cast<float>(value); });
  } else if (sizes_.intra_on()) {
    level_one<float>(sizes_, levels, kernels_);
  } else {
    std::copy(basis_.levels.begin(), basis_.levels.end(), kernels_.begin());
  }
}

void MultilevelSource::materialise(std::span<float> dense) {
  assert(static_cast<std::int64_t>(dense.size()) == sizes_.dense());
  quantise_factors();
  regenerate(total_scale(), dense);
}

void MultilevelSource::regenerate(float scale, std::span<float> dense) {
  generate_kernels();
  const std::span<float> target = ordered_.empty() ? dense : std::span<float>(ordered_);
  if (wide_)
    level_two<double>(sizes_, {v_wide_, kernels_wide_}, scale, target);
  else
    level_two<float>(sizes_, {v_.levels, kernels_}, scale, target);
  if (!ordered_.empty()) to_dense_order(sizes_, ordered_, dense);
}

std::span<const float> MultilevelSource::in_level_order(std::span<const float> dense) {
  if (ordered_.empty()) return dense;
  to_level_order(sizes_, dense, ordered_);
  return ordered_;
}

void MultilevelSource::backward(std::span<const float> d_dense) {
  const std::span<const float> g = in_level_order(d_dense);
  const float* d_kernels = g.data();
  if (sizes_.cross_on) {
    level_two_backward(sizes_, {v_.levels, kernels_}, g.data(), {v_.d_value, d_kernels_});
    d_kernels = d_kernels_.data();
  }
  backward_level_one(d_kernels);
  add_gradients();
}

/// Those of all latents, from those of the factors.
void MultilevelSource::add_gradients() {
  const float gain = gain_.value[0];
  add_gradient(v_, gain * basis_.scale.scale * u_.scale.scale);
  add_gradient(u_, gain * basis_.scale.scale * v_.scale.scale);
  add_gradient(basis_, gain * u_.scale.scale * v_.scale.scale);
}

/// The gradients of the factors of level 1 from that of what it makes.
void MultilevelSource::backward_level_one(const float* d_kernels) {
  if (sizes_.intra_on())
    level_one_backward(sizes_, {.u = u_.levels, .basis = basis_.levels}, d_kernels,
                       {u_.d_value, basis_.d_value});
  else
    std::copy_n(d_kernels, basis_.d_value.size(), basis_.d_value.begin());
}

int MultilevelSource::inner_outputs() const {
  return sizes_.cross_on && sizes_.layout == Layout::plain ? sizes_.cross : 0;
}

void MultilevelSource::materialise_factors(std::span<float> kernels, std::span<float> mix) {
  assert(inner_outputs() > 0 && kernels.size() == kernels_.size());
  quantise_factors();
  generate_kernels();
  const float scale = gain_.value[0] * basis_.scale.scale * u_.scale.scale;
  std::ranges::transform(kernels_, kernels.begin(), [&](float level) { return scale * level; });
  std::ranges::transform(v_.levels, mix.begin(),
                         [&](float level) { return v_.scale.scale * level; });
}

void MultilevelSource::backward_factors(std::span<const float> d_kernels,
                                        std::span<const float> d_mix) {
  backward_level_one(d_kernels.data());
  std::ranges::copy(d_mix, v_.d_value.begin());
  const float gain = gain_.value[0];
  add_gradient(v_, 1);
  add_gradient(u_, gain * basis_.scale.scale);
  add_gradient(basis_, gain * u_.scale.scale);
}

void MultilevelSource::encode(std::span<const float> dense) {
  const OneThread one_thread;
  const ProjectionCard& projection = card_.projection;
  if (projection.method != ProjectionCard::Method::random) {
    assert(static_cast<std::int64_t>(dense.size()) == sizes_.dense());
    set_factors(fit_by_svd(in_level_order(dense), sizes_, projection.peak));
    if (projection.method == ProjectionCard::Method::l2) improve(dense);
    return;
  }
  TwoLevelFit fit = random_fit(sizes_, projection.seed, name_number(shape_.name));
  basis_.latent.value = std::move(fit.basis);
  u_.latent.value = std::move(fit.u);
  v_.latent.value = std::move(fit.v);
  gain_.value[0] = 1;
}

TwoLevelSvd MultilevelSource::decompose(std::span<const float> dense) {
  return {in_level_order(dense), sizes_};
}

void MultilevelSource::encode(const TwoLevelSvd& svd) {
  set_factors(svd.fit(sizes_, card_.projection.peak));
}

void MultilevelSource::set_factors(const TwoLevelFit& fit) {
  double gain = fit.gain;
  gain *= set_latent(basis_, fit.basis);
  gain *= set_latent(u_, fit.u);
  gain *= set_latent(v_, fit.v);
  gain_.value[0] = static_cast<float>(gain);
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
  for (QuantisedTensor* factor : factors_on()) all.push_back(&factor->latent);
  return all;
}

std::vector<QuantisedTensor*> MultilevelSource::factors_on() {
  std::vector<QuantisedTensor*> all;
  for (QuantisedTensor* factor : {&basis_, &u_, &v_})
    if (factor->on()) all.push_back(factor);
  return all;
}

std::vector<CodedStream> MultilevelSource::codes() {
  quantise_factors();
  const std::vector<StoredStream> stored = streams();
  std::vector<CodedStream> coded;
  for (const QuantisedTensor* factor : factors_on())
    coded.push_back(to_words(stored[coded.size()], factor->coding(), factor->levels));
  coded.push_back(scale_stream(total_scale()));
  return coded;
}

void MultilevelSource::decode(std::span<const CodedStream> coded, std::span<float> dense) {
  const std::vector<QuantisedTensor*> on = factors_on();
  require(coded.size() == on.size() + 1, "layer '{}' has {} stored streams but needs {}",
          shape_.name, coded.size(), on.size() + 1);
  for (std::size_t i = 0; i < on.size(); ++i) from_words(coded[i], on[i]->coding(), on[i]->levels);
  regenerate(to_float(coded.back().words.at(0)), dense);
}

void MultilevelSource::round_to_words() {
  for (QuantisedTensor* factor : factors_on()) round_to_levels(*factor);
}

double MultilevelSource::regularise() {
  if (card_.orthogonality.lambda == 0) return 0;
  const bool mean = card_.orthogonality.form == OrthogonalityForm::mean;
  const int kernels = sizes_.cross, intra = sizes_.intra;
  const auto share = [&](double entries) {
    return card_.orthogonality.lambda / (mean ? entries : 1.0);
  };
  double value = 0;
  if (sizes_.intra_on() && (intra > 1 || !mean)) {
    const double entries = static_cast<double>(kernels) * intra * intra;
    value += rows_from_orthonormal({basis_.latent.value, kernels, intra, sizes_.area},
                                   share(entries), basis_.latent.gradient);
    value += columns_from_orthogonal({u_.latent.value, kernels, sizes_.channels, intra},
                                     share(entries), u_.latent.gradient);
  }
  if (!sizes_.cross_on) return value;
  const double entries = static_cast<double>(kernels) * kernels;
  if (!sizes_.intra_on() && mean)  // the paper has no term for the basis of a layer without level 1
    value += rows_from_orthonormal({basis_.latent.value, 1, kernels, sizes_.columns()},
                                   share(entries), basis_.latent.gradient);
  return value + columns_from_orthogonal({v_.latent.value, 1, sizes_.kernels, kernels},
                                         share(entries), v_.latent.gradient);
}

std::optional<TwoLevelFactors> MultilevelSource::factors() {
  if (sizes_.layout == Layout::by_input || sizes_.kernels * sizes_.groups != shape_.out_channels)
    return std::nullopt;
  quantise_factors();
  const auto fill = [](const QuantisedTensor& factor, float extra, std::vector<float>& values) {
    values.resize(factor.levels.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = extra * factor.scale.scale * factor.levels[i];
  };
  const float gain = gain_.value[0];
  fill(v_, gain, v_values_);
  fill(u_, v_.on() ? 1.0f : gain, u_values_);
  fill(basis_, v_.on() || u_.on() ? 1.0f : gain, basis_values_);
  return TwoLevelFactors{.out = sizes_.kernels,
                         .in = sizes_.channels,
                         .area = sizes_.area,
                         .cross = sizes_.cross,
                         .intra = sizes_.intra,
                         .groups = sizes_.layout == Layout::grouped ? sizes_.groups : 1,
                         .basis = basis_values_,
                         .u = u_values_,
                         .v = v_values_};
}

std::vector<StoredStream> generator_streams(const GeneratorPlan& plan) {
  const LevelSizes& sizes = plan.sizes;
  const auto bits = [&](int factor) { return plan.rounding == Rounding::dorefa ? factor : 32; };
  std::vector<StoredStream> streams{
      {.name = "basis", .count = sizes.basis(), .bits = bits(plan.bits.basis)}};
  if (sizes.intra_on())
    streams.push_back({.name = "intra", .count = sizes.u(), .bits = bits(plan.bits.intra)});
  if (sizes.cross_on)
    streams.push_back({.name = "cross", .count = sizes.v(), .bits = bits(plan.bits.cross)});
  streams.push_back({.name = "scale", .count = 1, .bits = 32, .in_ratio = false, .exposed = false});
  return streams;
}

std::vector<StoredStream> MultilevelSource::streams() const { return generator_streams(plan_); }

RegenerationWork generator_work(const GeneratorPlan& plan) {
  const LevelSizes& sizes = plan.sizes;
  const std::int64_t kernels = std::int64_t{sizes.cross} * sizes.columns();
  int widest = 8;
  for (const StoredStream& stream : generator_streams(plan))
    if (stream.in_ratio) widest = std::max(widest, stream.bits);
  return {.intra_macs = sizes.intra_on() ? kernels * sizes.intra : 0,
          .cross_macs = sizes.cross_on ? kernels * sizes.kernels : 0,
          .mac_bits = widest};
}

RegenerationWork MultilevelSource::work() const { return generator_work(plan_); }

/// Separable layers have inputs as rows, shared kernels one list of filters.
bool MultilevelSource::can_slice() const {
  const bool own_rows = shape_.depthwise() || sizes_.kernels == shape_.out_channels;
  return sizes_.layout == Layout::plain && own_rows && sizes_.channels == shape_.in_channels;
}

std::vector<StoredStream> MultilevelSource::slice_streams(const LayerSlice& slice) const {
  GeneratorPlan part = plan_;
  part.sizes = sliced_levels(sizes_, slice).sizes;
  return generator_streams(part);
}

RegenerationWork MultilevelSource::slice_work(const LayerSlice& slice) const {
  GeneratorPlan part = plan_;
  part.sizes = sliced_levels(sizes_, slice).sizes;
  return generator_work(part);
}

std::optional<TwoLevelFactors> MultilevelSource::slice_factors(const LayerSlice& slice) {
  std::optional<TwoLevelFactors> all = factors();
  if (!all) return all;
  const SlicedLevels part = sliced_levels(sizes_, slice);
  slice_values_ = {.basis = gathered(part.basis, all->basis),
                   .u = gathered(part.u, all->u),
                   .v = gathered(part.v, all->v)};
  all->out = part.sizes.kernels;
  all->in = part.sizes.channels;
  all->cross = part.sizes.cross;
  all->basis = slice_values_.basis;
  all->u = slice_values_.u;
  all->v = slice_values_.v;
  return all;
}

SliceFactors MultilevelSource::levels_of(const SlicedLevels& part) const {
  return {.basis = gathered(part.basis, basis_.levels),
          .u = gathered(part.u, u_.levels),
          .v = gathered(part.v, v_.levels)};
}

void MultilevelSource::materialise_slice(const LayerSlice& slice, std::span<float> part) {
  quantise_factors();
  const SlicedLevels sliced = sliced_levels(sizes_, slice);
  const auto regenerate = wide_ ? regenerate_slice<double> : regenerate_slice<float>;
  slice_kernels_ = regenerate(sliced.sizes, levels_of(sliced), total_scale(), part);
}

void MultilevelSource::backward_slice(const LayerSlice& slice, std::span<const float> d_part) {
  const SlicedLevels sliced = sliced_levels(sizes_, slice);
  const SliceFactors gradients =
      slice_gradients(sliced.sizes, levels_of(sliced), slice_kernels_, d_part);
  scattered(sliced.basis, gradients.basis, basis_.d_value);
  scattered(sliced.u, gradients.u, u_.d_value);
  scattered(sliced.v, gradients.v, v_.d_value);
  add_gradients();
}

}  // namespace lightloom::nn

#include "nn/optim/optimizer.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.hpp"

namespace lightloom::nn {
namespace {

bool adaptive(OptimizerKind kind) {
  return kind == OptimizerKind::adam || kind == OptimizerKind::adamw ||
         kind == OptimizerKind::radam;
}

bool decoupled(OptimizerKind kind) {
  return kind == OptimizerKind::adamw || kind == OptimizerKind::radam;
}

/// One tensor and its state, all of one size. Plain loops and no Eigen: its vectorised square root
/// is an approximation whose last bits depend on where an array lies in memory.
struct Slices {
  std::span<float> x, g, first, second;
};

/// Calls f(i) for every element. Small tensors are not worth waking other threads for.
template <class F>
void each(std::size_t size, F f) {
  constexpr std::size_t worth_sharing = 1 << 15;
#pragma omp parallel for simd schedule(static) if (size >= worth_sharing)
  for (std::size_t i = 0; i < size; ++i) f(i);
}

/// PyTorch's form: no damping, so the first step is the plain gradient's.
void sgd(const OptimizerOptions& options, float rate, Slices tensor) {
  const auto mu = static_cast<float>(options.momentum);
  const float ahead = options.kind == OptimizerKind::nesterov ? mu : 1.0f;
  const float now = options.kind == OptimizerKind::nesterov ? 1.0f : 0.0f;
  float *x = tensor.x.data(), *first = tensor.first.data();
  const float* g = tensor.g.data();
  each(tensor.x.size(), [=](std::size_t i) {
    first[i] = mu * first[i] + g[i];
    x[i] -= rate * (now * g[i] + ahead * first[i]);
  });
}

/// x -= rate m / (root sqrt(v) + epsilon) after updating the averages m and v.
void adaptive_step(const OptimizerOptions& options, float rate, float root, Slices tensor) {
  const auto beta1 = static_cast<float>(options.beta1), beta2 = static_cast<float>(options.beta2);
  const auto rest1 = static_cast<float>(1 - options.beta1),
             rest2 = static_cast<float>(1 - options.beta2);
  const auto epsilon = static_cast<float>(options.epsilon);
  float *x = tensor.x.data(), *first = tensor.first.data(), *second = tensor.second.data();
  const float* gradient = tensor.g.data();
  each(tensor.x.size(), [=](std::size_t i) {
    const float g = gradient[i];
    const float m = first[i] = beta1 * first[i] + rest1 * g;
    const float v = second[i] = beta2 * second[i] + rest2 * g * g;
    x[i] -= rate * m / (root * std::sqrt(v) + epsilon);
  });
}

void adam(const OptimizerOptions& options, std::int64_t steps, double rate, Slices tensor) {
  const double t = static_cast<double>(steps);
  const double root = 1.0 / std::sqrt(1.0 - std::pow(options.beta2, t));
  rate /= 1.0 - std::pow(options.beta1, t);
  adaptive_step(options, static_cast<float>(rate), static_cast<float>(root), tensor);
}

void radam(const OptimizerOptions& options, std::int64_t steps, double rate, Slices tensor) {
  const double rectified = radam_rectification(steps, options.beta1, options.beta2);
  if (rectified > 0)
    return adaptive_step(options, static_cast<float>(rate * rectified), 1.0f, tensor);
  OptimizerOptions plain = options;  // denominator 1: momentum alone
  plain.epsilon = 1;
  rate /= 1.0 - std::pow(options.beta1, static_cast<double>(steps));
  adaptive_step(plain, static_cast<float>(rate), 0.0f, tensor);
}

bool same_sizes(const std::vector<std::vector<float>>& a,
                const std::vector<std::vector<float>>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& one, const auto& other) { return one.size() == other.size(); });
}

}  // namespace

void describe(Section& section, OptimizerOptions& options) {
  section.choice("optimizer", options.kind,
                 {{"sgd", OptimizerKind::sgd},
                  {"nesterov", OptimizerKind::nesterov},
                  {"adam", OptimizerKind::adam},
                  {"adamw", OptimizerKind::adamw},
                  {"radam", OptimizerKind::radam}});
  constexpr Range below_one{.low = 0, .high = 0.999999};
  section.value("momentum", options.momentum, below_one);
  section.value("beta1", options.beta1, below_one);
  section.value("beta2", options.beta2, below_one);
  section.value("epsilon", options.epsilon, positive);
  section.value("weight_decay", options.weight_decay, not_negative);
}

int state_words(const OptimizerOptions& options) {
  if (adaptive(options.kind)) return 2;
  return options.momentum > 0 ? 1 : 0;
}

double radam_rectification(std::int64_t t, double beta1, double beta2) {
  const double steps = static_cast<double>(t);
  const double decay = std::pow(beta2, steps);
  const double limit = 2.0 / (1.0 - beta2) - 1.0;
  const double rho = limit - 2.0 * steps * decay / (1.0 - decay);
  if (rho < 5.0) return 0;
  const double variance = (rho - 4.0) / (limit - 4.0) * (rho - 2.0) / rho * limit / (limit - 2.0);
  return std::sqrt((1.0 - decay) * variance) / (1.0 - std::pow(beta1, steps));
}

Optimizer::Optimizer(const OptimizerOptions& options, std::span<Parameter* const> parameters,
                     std::vector<double> decays)
    : options_(options),
      parameters_(parameters.begin(), parameters.end()),
      decays_(std::move(decays)) {
  assert(decays_.empty() || decays_.size() == parameters_.size());
  if (decays_.empty()) {
    for (const Parameter* parameter : parameters_)
      decays_.push_back(parameter->decay ? options_.weight_decay : 0.0);
  }
  for (const Parameter* parameter : parameters_) {
    state_.first.emplace_back(parameter->value.size());
    state_.second.emplace_back(adaptive(options_.kind) ? parameter->value.size() : 0);
  }
}

void Optimizer::step(double rate) {
  ++state_.steps;
  for (std::size_t i = 0; i < parameters_.size(); ++i) update(i, rate);
  clear_gradients();
}

void Optimizer::update(std::size_t index, double rate) {
  Parameter& parameter = *parameters_[index];
  std::span<float> x = parameter.value, g = parameter.gradient;
  const auto decay = static_cast<float>(decays_[index]);
  if (decay > 0.0f && decoupled(options_.kind)) {
    const float keep = 1.0f - decay * static_cast<float>(rate);
    each(x.size(), [=](std::size_t i) { x[i] *= keep; });
  } else if (decay > 0.0f) {
    each(x.size(), [=](std::size_t i) { g[i] += decay * x[i]; });
  }
  const Slices tensor{.x = x, .g = g, .first = state_.first[index], .second = state_.second[index]};
  switch (options_.kind) {
    case OptimizerKind::sgd:
    case OptimizerKind::nesterov:
      return sgd(options_, static_cast<float>(rate), tensor);
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      return adam(options_, state_.steps, rate, tensor);
    case OptimizerKind::radam:
      return radam(options_, state_.steps, rate, tensor);
  }
}

void Optimizer::clear_gradients() {
  for (Parameter* parameter : parameters_) {
    float* g = parameter->gradient.data();
    each(parameter->gradient.size(), [=](std::size_t i) { g[i] = 0; });
  }
}

void Optimizer::restore(OptimizerState state) {
  const bool fits =
      same_sizes(state.first, state_.first) && same_sizes(state.second, state_.second);
  require(fits, "this optimiser state belongs to other parameters (their number or sizes differ)");
  state_ = std::move(state);
}

}  // namespace lightloom::nn

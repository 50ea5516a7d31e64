#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/cards/card.hpp"
#include "nn/optim/parameter.hpp"

namespace lightloom::nn {

enum class OptimizerKind { sgd, nesterov, adam, adamw, radam };

/// Hyper-parameters of one optimiser; the learning rate comes with every step (a schedule owns it).
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::radam;
  double momentum = 0.9;  // sgd, nesterov
  double beta1 = 0.9;     // the Adam family
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;  // sgd, nesterov, adam: added to the gradient; adamw, radam: decoupled
};
/// Keys `optimizer`, `momentum`, `beta1`, `beta2`, `epsilon`, `weight_decay`, read into the
/// caller's own section.
void describe(Section& section, OptimizerOptions& options);
/// Numbers that an optimiser keeps beside each that it trains: 1 momentum, 2 for the Adam family.
int state_words(const OptimizerOptions& options);

/// What a checkpoint keeps. One vector per parameter, in order; `second` empty ones for SGD.
struct OptimizerState {
  std::int64_t steps = 0;
  std::vector<std::vector<float>> first;   // momentum, or average of gradients
  std::vector<std::vector<float>> second;  // average of squared gradients
};

/// SGD with momentum (Nesterov form as in PyTorch), Adam (Kingma and Ba 2015), AdamW (Loshchilov
/// and Hutter 2019) and RAdam (Liu et al. 2020, in the form of the release of Gu
/// et al. 2021: decoupled decay, raw averages with the rectified step, plain momentum while the
/// variance is intractable). Elementwise, so the same bits on any thread count.
class Optimizer {
 public:
  /// `decays`: weight decay per parameter; empty: that of the options for parameters that decay.
  Optimizer(const OptimizerOptions& options, std::span<Parameter* const> parameters,
            std::vector<double> decays = {});

  /// One update with learning rate `rate` from the accumulated gradients, which it clears.
  void step(double rate);
  void clear_gradients();

  [[nodiscard]] const OptimizerState& state() const { return state_; }
  /// Takes up a saved state. Throws `Error` when it belongs to other parameters.
  void restore(OptimizerState state);

 private:
  void update(std::size_t index, double rate);

  OptimizerOptions options_;
  std::vector<Parameter*> parameters_;
  std::vector<double> decays_;
  OptimizerState state_;
};

/// RAdam's step factor c_t at step t >= 1, or 0 while the variance is intractable (rho_t < 5, plain
/// momentum then).
double radam_rectification(std::int64_t t, double beta1, double beta2);

}  // namespace lightloom::nn

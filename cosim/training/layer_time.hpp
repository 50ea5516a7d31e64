#pragma once

#include "cosim/layers/cost_cards.hpp"
#include "cosim/training/step_schedule.hpp"
#include "nn/graph/layer_shape.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// What products of a training step run on.
struct StepCore {
  const photonic::CoreDescription& core;
  ProgrammingCard programming;
  int cores = 1;
};

/// The rule of CAMEL, in ns: B Cin Cout W H k^2 / R with R the peak rate of all cores.
double rule_time_ns(const StepCore& on, const nn::LayerShape& layer, int images);

/// The time of the same product on these cores: every tile of the layer is written (beside the
/// computing where there are shadow settings) and sees its input vectors; by images the tiles of a
/// layer that has more of them than there are cores are written for every image. Where tiles are
/// full and writing takes no time this is the rule. 0 for cores without a symbol rate.
double layer_time_ns(const StepCore& on, const nn::LayerShape& layer, const StepPlan& plan);

}  // namespace lightloom::cosim

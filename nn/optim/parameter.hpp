#pragma once

#include <string>
#include <vector>

namespace lightloom::nn {

/// A trainable tensor and its gradient. Optimisers see nothing else.
struct Parameter {
  std::string name;
  std::vector<float> value;
  std::vector<float> gradient;  // same size; accumulated by backward, cleared by the optimiser
  bool decay = true;            // subject to weight decay
  float centre = 0;             // what clipping holds the values around: 1 for scales, as 1 + a
};

}  // namespace lightloom::nn

#pragma once

#include <memory>
#include <vector>

#include "nn/inference/part_inference.hpp"
#include "nn/network/network.hpp"
#include "nn/reversible/branch_card.hpp"
#include "nn/reversible/branch_shape.hpp"

namespace lightloom::nn {

/// Where a branch of this card stands beside a network. Throws `Error` for a tap where more than
/// one tensor passes or that has no map, and for a size that one of them does not have.
BranchShape branch_shape(const Network& backbone, const BranchCard& card, int classes);

/// A frozen network, as in an evaluation, and its maps at the taps of a branch, averaged to its
/// size. Refers to the network, which must outlive it.
class BackboneTaps {
 public:
  BackboneTaps(Network& backbone, const BranchShape& branch);
  /// (images, size, size, channels) of each tap, valid until the next call.
  const std::vector<Tensor>& forward(const Tensor& images);

 private:
  std::vector<std::unique_ptr<PartInference>> parts_;  // up to each tap, from the one before
  std::vector<Tensor> pooled_;
};

/// y = means of x over rectangles that cover it, pixel i of s those from floor(i h / s) up to
/// ceil((i + 1) h / s) of h: equal ones where h is a multiple of s, else neighbours overlap.
void average_to(const Tensor& x, Tensor& y);

}  // namespace lightloom::nn

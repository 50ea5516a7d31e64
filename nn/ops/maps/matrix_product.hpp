#pragma once

#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// y = left right for every row of maps of every image: left (images, h, w, k), right (images, h,
/// k, n), y (images, h, w, n). Shapes are taken from y and left; sizes must agree.
void matrix_product(const Tensor& left, const Tensor& right, Tensor& y);

struct MatrixGradients {
  Tensor &left, &right;
};

/// Overwrites both gradients.
void matrix_product_backward(const Tensor& left, const Tensor& right, const Tensor& dy,
                             const MatrixGradients& gradients);

}  // namespace lightloom::nn

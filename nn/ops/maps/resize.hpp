#pragma once

#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// y[p, q] = sum over the taps of row p and column q of their weights times x. Nearest, linear and
/// cubic interpolation are tables of this kind.
void resize(const ResizeTable& table, const Tensor& x, Tensor& y);
/// Overwrites dx.
void resize_backward(const ResizeTable& table, const Tensor& dy, Tensor& dx);

}  // namespace lightloom::nn

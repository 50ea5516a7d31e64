#pragma once

#include <optional>

#include "nn/graph/function.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// y = f(x), element by element; y may be x.
void apply(const Function& f, const Tensor& x, Tensor& y);
/// dx = f'(x) dy; dx may be dy. At a kink of a maximum, minimum or absolute value the slope is that
/// of the left operand, or 0.
void apply_backward(const Function& f, const Tensor& x, const Tensor& dy, Tensor& dx);

/// f of one number.
float value_of(const Function& f, float x);
/// The activation that the function is, if it is one: equal within 4e-6 of max(1, |y|) wherever it
/// is looked at, between -1e4 and 1e4 in small steps around zero.
std::optional<Activation> named_activation(const Function& f);
/// Whether the function is its argument.
bool is_argument(const Function& f);

}  // namespace lightloom::nn

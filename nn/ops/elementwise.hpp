#pragma once

#include <span>

#include "core/random/random.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// y = activation(x); y may be x.
void activate(Activation kind, const Tensor& x, Tensor& y);
/// Whether the gradient can be had from the output alone, so that the input need not be kept.
bool gradient_from_output(Activation kind);
/// dx = dy * activation'. `known` is the output when `gradient_from_output`, else the input. dx may
/// be dy.
void activate_backward(Activation kind, const Tensor& known, const Tensor& dy, Tensor& dx);

/// y = softmax(x) over the channels of every pixel, and its gradient from y. dx may be dy.
void softmax(const Tensor& x, Tensor& y);
void softmax_backward(const Tensor& y, const Tensor& dy, Tensor& dx);

/// y = left + right, then ReLU if asked; y may be one of them.
enum class AddThen { nothing, relu };
void add(const Tensor& left, const Tensor& right, AddThen then, Tensor& y);

/// y = left * right; `right` may be a 1x1 map per image (squeeze-excite).
void multiply(const Tensor& left, const Tensor& right, Tensor& y);
/// The gradient for the second operand of `multiply`: dy * left, summed over the map when `d_right`
/// is 1x1.
void multiply_backward(const Tensor& left, const Tensor& dy, Tensor& d_right);

/// Adds a bias per channel in place.
void add_bias(std::span<const float> bias, Tensor& y);

/// Copies the channels of `part` into `whole` starting at channel `at`, or back out of it.
void join_channels(const Tensor& part, int at, Tensor& whole);
void split_channels(const Tensor& whole, int at, Tensor& part);

/// Every second row and column of x; extra channels of y are zero on both sides (ResNet shortcut
/// A).
void subsample(const Tensor& x, Tensor& y);
void subsample_backward(const Tensor& dy, Tensor& dx);

/// Which elements a dropout zeroes: each with probability `rate`, by the numbers of a stream's
/// shot.
struct Dropout {
  double rate = 0;  // in [0, 1)
  const Stream& stream;
  std::uint64_t shot = 0;
};

/// y = x with the dropped elements zeroed, the others divided by 1 - rate. Element i is a pure
/// function of (stream, shot, i), so that the gradient is the same call on dy. y may be x.
void drop(const Tensor& x, const Dropout& how, Tensor& y);

void copy(const Tensor& x, Tensor& y);
/// into += from, of one size.
void accumulate(std::span<const float> from, std::span<float> into);

}  // namespace lightloom::nn

#pragma once

#include <span>

#include "nn/weights/multilevel/level_sizes.hpp"

namespace lightloom::nn {

/// The factors of level 1 as they multiply: u [Bc, Ci, Bi], basis [Bc, Bi, area].
struct TwoLevels {
  std::span<const float> u, basis;
};

/// kernels[m, c, s] = sum over b of u[m, c, b] basis[m, b, s]. `Real` is float or double.
template <class Real>
void level_one(const LevelSizes& sizes, const TwoLevels& levels, std::span<Real> kernels);

/// dU_i = G_i Wb_i^T and dWb_i = U_i^T G_i, G the gradient of the kernels; overwrites.
void level_one_backward(const LevelSizes& sizes, const TwoLevels& levels, const float* d_kernels,
                        std::span<float> d_u, std::span<float> d_basis);

/// ordered = scale V kernels [kernels, columns]; without level 2, scale times the kernels. `Real`
/// is float or double. The same bits on any number of threads.
template <class Real>
void level_two(const LevelSizes& sizes, std::span<const Real> v, std::span<const Real> kernels,
               float scale, std::span<float> ordered);

/// The gradients of W = V kernels: dV = dW kernels^T and d_kernels = V^T dW; overwrites.
void level_two_backward(const LevelSizes& sizes, std::span<const float> v,
                        std::span<const float> kernels, const float* d_dense, std::span<float> d_v,
                        std::span<float> d_kernels);

}  // namespace lightloom::nn

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

/// Gradients of the factors of level 1, of their sizes.
struct LevelOneGradients {
  std::span<float> d_u, d_basis;
};

/// dU_i = G_i Wb_i^T and dWb_i = U_i^T G_i, G the gradient of the kernels; overwrites.
void level_one_backward(const LevelSizes& sizes, const TwoLevels& levels, const float* d_kernels,
                        const LevelOneGradients& gradients);

/// The factors of level 2 as they multiply: V [kernels, Bc] and what level 1 made [Bc, columns].
template <class Real>
struct LevelTwo {
  std::span<const Real> v, kernels;
};

/// ordered = scale V kernels [kernels, columns]; without level 2, scale times the kernels. `Real`
/// is float or double. The same bits on any number of threads.
template <class Real>
void level_two(const LevelSizes& sizes, const LevelTwo<Real>& level, float scale,
               std::span<float> ordered);

/// Gradients of the factors of level 2, of their sizes.
struct LevelTwoGradients {
  std::span<float> d_v, d_kernels;
};

/// The gradients of W = V kernels: dV = dW kernels^T and d_kernels = V^T dW; overwrites.
void level_two_backward(const LevelSizes& sizes, const LevelTwo<float>& level, const float* d_dense,
                        const LevelTwoGradients& gradients);

}  // namespace lightloom::nn

#pragma once

#include <span>

#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// Mixture of Hinton et al. (2015) as in Gu et al. (ICCV 2021), Eq. 6:
/// L = beta T^2 KL(q_T || p_T) + (1 - beta) H(q, p_1), q_T and p_T the teacher's and the student's
/// softmax at T.
struct DistillationOptions {
  double temperature = 3;
  double beta = 0.9;
};

/// Mean cross-entropy over the batch, `smoothing` of the target spread evenly over all classes
/// (Szegedy et al. 2016); overwrites `d_logits` with its gradient. Logits are (images, 1, 1,
/// classes).
double cross_entropy(const Tensor& logits, std::span<const int> labels, Tensor& d_logits,
                     double smoothing = 0);

/// Mean squared error over the batch's images and outputs; overwrites `d_outputs` with its
/// gradient. `targets` has as many numbers, image by image.
double mean_squared_error(const Tensor& outputs, std::span<const float> targets, Tensor& d_outputs);

/// What a student learns from: the teacher's logits for the same images, and their classes.
struct DistillationTargets {
  const Tensor& teacher_logits;
  std::span<const int> labels;
};

/// The distillation loss, mean over the batch, and its gradient in the student's logits:
/// beta T (p_T - q_T) + (1 - beta) (p_1 - onehot) per image.
double distillation(const Tensor& logits, const DistillationTargets& targets,
                    const DistillationOptions& options, Tensor& d_logits);

}  // namespace lightloom::nn

#pragma once

#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// Scaled dot-product attention (Vaswani et al., NeurIPS 2017, Eq. 1): the positions of a map are
/// the tokens, `heads` groups of consecutive channels attend on their own.
struct AttentionInputs {
  const Tensor &q, &k, &v;  // q (images, L, C), k and v (images, M, C)
  int heads = 1;            // a divisor of C
};

/// y = softmax(q k^T / sqrt(C / heads)) v for every head, of q's shape.
void attention(const AttentionInputs& in, Tensor& y);

struct AttentionGradients {
  Tensor &dq, &dk, &dv;
};

/// Overwrites the three gradients; the weights are computed again rather than kept.
void attention_backward(const AttentionInputs& in, const Tensor& dy,
                        const AttentionGradients& gradients);

}  // namespace lightloom::nn

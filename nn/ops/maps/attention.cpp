#include "nn/ops/maps/attention.hpp"

#include <Eigen/Core>
#include <cassert>
#include <cmath>

#include "core/parallel.hpp"

namespace lightloom::nn {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Rows = Eigen::Map<Matrix, Eigen::Unaligned, Eigen::OuterStride<>>;
using ConstRows = Eigen::Map<const Matrix, Eigen::Unaligned, Eigen::OuterStride<>>;

/// One head of one image: (tokens, channels of the head).
struct Head {
  int image, first, width;

  [[nodiscard]] ConstRows of(const Tensor& t) const {
    return {t.data() + start(t), tokens(t), width, Eigen::OuterStride<>(t.shape().channels)};
  }
  [[nodiscard]] Rows of(Tensor& t) const {
    return {t.data() + start(t), tokens(t), width, Eigen::OuterStride<>(t.shape().channels)};
  }

 private:
  static std::int64_t tokens(const Tensor& t) {
    return std::int64_t{t.shape().height} * t.shape().width;
  }
  [[nodiscard]] std::int64_t start(const Tensor& t) const {
    return image * tokens(t) * t.shape().channels + first;
  }
};

Head head_of(const Tensor& q, int heads, int number) {
  const int width = q.shape().channels / heads;
  assert(q.shape().channels % heads == 0);
  return {number / heads, number % heads * width, width};
}

/// softmax(q k^T / sqrt(width)), row by row.
Matrix weights_of(const Head& head, const Tensor& q, const Tensor& k) {
  Matrix scores = head.of(q) * head.of(k).transpose();
  scores *= 1.0f / std::sqrt(static_cast<float>(head.width));
  scores.colwise() -= scores.rowwise().maxCoeff().eval();
  scores = scores.array().exp();
  scores.array().colwise() /= scores.rowwise().sum().eval().array();
  return scores;
}

}  // namespace

void attention(const AttentionInputs& in, Tensor& y) {
  parallel_for(std::ptrdiff_t{in.q.shape().images} * in.heads, [&](std::ptrdiff_t n) {
    const Head head = head_of(in.q, in.heads, static_cast<int>(n));
    head.of(y).noalias() = weights_of(head, in.q, in.k) * head.of(in.v);
  });
}

void attention_backward(const AttentionInputs& in, const Tensor& dy,
                        const AttentionGradients& gradients) {
  parallel_for(std::ptrdiff_t{in.q.shape().images} * in.heads, [&](std::ptrdiff_t n) {
    const Head head = head_of(in.q, in.heads, static_cast<int>(n));
    const Matrix p = weights_of(head, in.q, in.k);
    head.of(gradients.dv).noalias() = p.transpose() * head.of(dy);
    Matrix d = head.of(dy) * head.of(in.v).transpose();
    // Through the softmax: p (d - <p, d> of the row), then the scale of the scores.
    const Eigen::VectorXf mean = (p.array() * d.array()).rowwise().sum();
    d.colwise() -= mean;
    d.array() *= p.array() * (1.0f / std::sqrt(static_cast<float>(head.width)));
    head.of(gradients.dq).noalias() = d * head.of(in.k);
    head.of(gradients.dk).noalias() = d.transpose() * head.of(in.q);
  });
}

}  // namespace lightloom::nn

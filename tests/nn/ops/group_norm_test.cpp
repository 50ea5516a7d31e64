// Group and layer normalisation and attention against their definitions in double precision.
#include "nn/ops/group_norm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "nn/ops/maps/attention.hpp"
#include "tests/nn/reference.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::nn {
namespace {

using reference::differences;
using reference::dot;
using reference::Doubles;
using reference::expect_near;
using reference::floats;
using reference::random_doubles;

/// Element by element from the definition: statistics of all elements that share image (or
/// position) and group.
Doubles normalise_groups(const Doubles& x, const TensorShape& s, const GroupNorm& how,
                         const Doubles& scale, const Doubles& shift) {
  const auto group_of = [&](std::size_t i) {
    const std::size_t channels = static_cast<std::size_t>(s.channels);
    const std::size_t block = how.per_position
                                  ? i / channels
                                  : i / (channels * static_cast<std::size_t>(s.height * s.width));
    return block * static_cast<std::size_t>(how.groups) +
           i % channels / (channels / static_cast<std::size_t>(how.groups));
  };
  const std::size_t groups = group_of(x.size() - 1) + 1;
  Doubles count(groups), mean(groups), variance(groups), y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) count[group_of(i)] += 1;
  for (std::size_t i = 0; i < x.size(); ++i) mean[group_of(i)] += x[i] / count[group_of(i)];
  for (std::size_t i = 0; i < x.size(); ++i) {
    variance[group_of(i)] += std::pow(x[i] - mean[group_of(i)], 2) / count[group_of(i)];
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t g = group_of(i), c = i % static_cast<std::size_t>(s.channels);
    y[i] = (x[i] - mean[g]) / std::sqrt(variance[g] + how.epsilon) * scale[c] + shift[c];
  }
  return y;
}

TEST(GroupNorm, ForwardAndGradientsAgreeWithTheDefinition) {
  const TensorShape shape(3, 5, 3, 6);
  const auto size = static_cast<std::size_t>(shape.size());
  const Doubles x = random_doubles(size, 0), dy = random_doubles(size, 1),
                scale = random_doubles(6, 2), shift = random_doubles(6, 3);
  for (const GroupNorm how :
       {GroupNorm{1, false, 1e-5}, GroupNorm{3, false, 0.1}, GroupNorm{6, false, 1e-5},
        GroupNorm{1, true, 1e-3}, GroupNorm{2, true, 1e-3}}) {
    SCOPED_TRACE(how.groups);
    const Tensor tx = reference::tensor(x, shape), tdy = reference::tensor(dy, shape);
    Tensor y(shape), dx(shape);
    const std::vector<float> fs = floats(scale), fb = floats(shift);
    group_norm(tx, how, {fs, fb}, y);
    expect_near(y.values(), normalise_groups(x, shape, how, scale, shift), 10, "y");
    std::vector<float> d_scale(6), d_shift(6);
    group_norm_backward(tx, how, fs, {tdy, dx, d_scale, d_shift});
    const auto loss = [&](const Doubles& a, const Doubles& b, const Doubles& c) {
      return dot(dy, normalise_groups(a, shape, how, b, c));
    };
    // Central differences err by about 1e-9 here, far below the bounds.
    expect_near(dx.values(),
                differences(x, [&](const Doubles& v) { return loss(v, scale, shift); }), 100, "dx");
    expect_near(d_scale, differences(scale, [&](const Doubles& v) { return loss(x, v, shift); }),
                100, "d_scale");
    expect_near(d_shift, differences(shift, [&](const Doubles& v) { return loss(x, scale, v); }),
                100, "d_shift");
    Tensor in_place = reference::tensor(dy, shape);
    group_norm_backward(tx, how, fs, {in_place, in_place, d_scale, d_shift});
    EXPECT_TRUE(std::equal(dx.data(), dx.data() + size, in_place.data()));
  }
}

struct Sizes {
  int images, queries, keys, channels, heads;
};

Doubles attend(const Doubles& q, const Doubles& k, const Doubles& v, const Sizes& s) {
  const int width = s.channels / s.heads;
  const auto at = [&](int n, int token, int tokens, int c) {
    return as_index((n * tokens + token) * s.channels + c);
  };
  Doubles y(q.size(), 0.0);
  for (int n = 0; n < s.images; ++n) {
    for (int c = 0; c < s.channels; ++c) {
      const int first = c / width * width;
      for (int i = 0; i < s.queries; ++i) {
        double sum = 0, total = 0;
        for (int j = 0; j < s.keys; ++j) {
          double score = 0;
          for (int d = first; d < first + width; ++d)
            score += q[at(n, i, s.queries, d)] * k[at(n, j, s.keys, d)];
          const double weight = std::exp(score / std::sqrt(width));
          total += weight;
          sum += weight * v[at(n, j, s.keys, c)];
        }
        y[at(n, i, s.queries, c)] = sum / total;
      }
    }
  }
  return y;
}

TEST(Attention, ForwardAndGradientsAgreeWithTheDefinition) {
  for (const Sizes s : {Sizes{2, 15, 15, 6, 1}, Sizes{3, 7, 11, 6, 3}, Sizes{1, 1, 5, 4, 2}}) {
    const auto query_size = as_index(s.images * s.queries * s.channels);
    const auto key_size = as_index(s.images * s.keys * s.channels);
    const Doubles q = random_doubles(query_size, 0), k = random_doubles(key_size, 1),
                  v = random_doubles(key_size, 2), dy = random_doubles(query_size, 3);
    const TensorShape queries(s.images, 1, s.queries, s.channels),
        keys(s.images, s.keys, 1, s.channels);
    const Tensor tq = reference::tensor(q, queries), tk = reference::tensor(k, keys),
                 tv = reference::tensor(v, keys), tdy = reference::tensor(dy, queries);
    Tensor y(queries), dq(queries), dk(keys), dv(keys);
    attention({tq, tk, tv, s.heads}, y);
    expect_near(y.values(), attend(q, k, v, s), 100, "y");
    attention_backward({tq, tk, tv, s.heads}, tdy, {dq, dk, dv});
    const auto loss = [&](const Doubles& a, const Doubles& b, const Doubles& c) {
      return dot(dy, attend(a, b, c, s));
    };
    expect_near(dq.values(), differences(q, [&](const Doubles& x) { return loss(x, k, v); }), 1000,
                "dq");
    expect_near(dk.values(), differences(k, [&](const Doubles& x) { return loss(q, x, v); }), 1000,
                "dk");
    expect_near(dv.values(), differences(v, [&](const Doubles& x) { return loss(q, k, x); }), 1000,
                "dv");
  }
}

}  // namespace
}  // namespace lightloom::nn

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/onnx/evaluate/operator_call.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {
namespace {

/// (batch, heads, length, size) from that, or from (batch, length, heads * size).
Array by_heads(const Array& x, std::int64_t heads) {
  if (x.dims.size() == 4) return x;
  require(x.dims.size() == 3 && heads > 0 && heads <= x.dims[2] && x.dims[2] % heads == 0,
          "Attention whose heads do not divide the columns");
  const std::int64_t batch = x.dims[0], length = x.dims[1], size = x.dims[2] / heads;
  Dims from;
  for (std::int64_t bh = 0; bh < batch * heads; ++bh) {
    for (std::int64_t t = 0; t < length; ++t) {
      for (std::int64_t i = 0; i < size; ++i) {
        from.push_back(((bh / heads * length + t) * heads + bh % heads) * size + i);
      }
    }
  }
  return taken(x, {batch, heads, length, size}, from);
}

/// The way back.
Array by_columns(const Array& x) {
  const std::int64_t heads = x.dims[1], length = x.dims[2], size = x.dims[3];
  Dims from(static_cast<std::size_t>(x.size()));
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const std::int64_t column = at % (heads * size), row = at / (heads * size);
    const std::int64_t bh = row / length * heads + column / size;
    from[i] = (bh * length + row % length) * size + column % size;
  }
  return taken(x, {x.dims[0], length, heads * size}, from);
}

/// Keys or values that came before, then the new ones.
Array with_past(const OperatorCall& call, std::size_t past, const Array& now) {
  if (!has(call, past)) return now;
  const Array& before = float_input(call, past);
  require(before.dims.size() == 4 && before.dims[1] == now.dims[1] &&
              before.dims[0] == now.dims[0] && before.dims[3] == now.dims[3],
          "Attention whose past does not fit");
  Array out{.dims = now.dims, .type = now.type};
  out.dims[2] += before.dims[2];
  const std::int64_t old = before.dims[2] * now.dims[3], added = now.dims[2] * now.dims[3];
  for (std::int64_t bh = 0; bh < now.dims[0] * now.dims[1]; ++bh) {
    const auto add = [&](const Array& part, std::int64_t count) {
      const auto first = part.floats.begin() + static_cast<std::ptrdiff_t>(bh * count);
      out.floats.insert(out.floats.end(), first, first + static_cast<std::ptrdiff_t>(count));
    };
    add(before, old);
    add(now, added);
  }
  return out;
}

struct Heads {
  Array q, k, v;
};

Heads heads_of(const OperatorCall& call) {
  const Operation& o = call.operation;
  Heads h{by_heads(float_input(call, 0), integer(o, "q_num_heads", 0)),
          by_heads(float_input(call, 1), integer(o, "kv_num_heads", 0)),
          by_heads(float_input(call, 2), integer(o, "kv_num_heads", 0))};
  h.k = with_past(call, 4, h.k);
  h.v = with_past(call, 5, h.v);
  const Dims &q = h.q.dims, &k = h.k.dims, &v = h.v.dims;
  require(q.size() == 4 && k.size() == 4 && v.size() == 4 && q[0] == k[0] && k[0] == v[0] &&
              k[1] == v[1] && k[2] == v[2] && q[3] == k[3] && k[1] > 0 && q[1] % k[1] == 0,
          "Attention whose queries, keys and values do not fit");
  return h;
}

/// What is added to every score: 0, a float mask, or minus infinity where nothing may be seen.
Array mask_of(const OperatorCall& call, const Dims& scores) {
  Array mask = zeros(scores, ElementType::float32);
  if (has(call, 3)) {
    Array given = input(call, 3);
    support(call, given.dims.empty() || given.dims.back() == scores[3] || given.dims.back() == 1,
            "a mask that is shorter than the keys");
    const bool boolean = given.type == ElementType::boolean;
    support(call, boolean || !given.integer(), "a mask of integers");
    given = broadcast_to(given, scores);
    for (std::size_t i = 0; i < mask.floats.size(); ++i) {
      mask.floats[i] = boolean ? (given.integers[i] != 0 ? 0.0f : -INFINITY) : given.floats[i];
    }
  }
  const bool causal = integer(call.operation, "is_causal", 0) != 0;
  const std::int64_t past = has(call, 4) ? input(call, 4).dims[2] : 0;
  for (std::int64_t i = 0; i < mask.size(); ++i) {
    const std::int64_t key = i % scores[3], query = i / scores[3] % scores[2];
    const bool padded =
        has(call, 6) && key >= integer_input(call, 6).integers.at(static_cast<std::size_t>(
                                   i / (scores[1] * scores[2] * scores[3])));
    if ((causal && key > query + past) || padded)
      mask.floats[static_cast<std::size_t>(i)] = -INFINITY;
  }
  return mask;
}

Array scores_of(const OperatorCall& call, const Heads& h) {
  const Dims &q = h.q.dims, &k = h.k.dims;
  grown_size(call, {q[0], q[1], q[2], k[2]});
  Array scores = zeros({q[0], q[1], q[2], k[2]}, h.q.type);
  const double scale = real(call.operation, "scale", 1 / std::sqrt(static_cast<double>(q[3])));
  const double cap = real(call.operation, "softcap", 0);
  for (std::int64_t i = 0; i < scores.size(); ++i) {
    const std::int64_t key = i % k[2], row = i / k[2], head = row / q[2];
    const std::int64_t shared = head / q[1] * k[1] + head % q[1] / (q[1] / k[1]);
    double sum = 0;
    for (std::int64_t c = 0; c < q[3]; ++c) {
      sum += value(h.q, row * q[3] + c) * value(h.k, (shared * k[2] + key) * q[3] + c);
    }
    sum *= scale;
    scores.floats[static_cast<std::size_t>(i)] =
        static_cast<float>(cap > 0 ? cap * std::tanh(sum / cap) : sum);
  }
  return scores;
}

Array softmax_rows(Array scores, const Array& mask) {
  const auto length = static_cast<std::size_t>(scores.dims[3]);
  for (std::size_t first = 0; first < scores.floats.size(); first += length) {
    double top = -INFINITY, sum = 0;
    for (std::size_t i = first; i < first + length; ++i) {
      scores.floats[i] += mask.floats[i];
      top = std::max(top, double{scores.floats[i]});
    }
    for (std::size_t i = first; i < first + length; ++i) {
      scores.floats[i] = static_cast<float>(std::exp(scores.floats[i] - top));
      sum += scores.floats[i];
    }
    for (std::size_t i = first; i < first + length; ++i) {
      scores.floats[i] = static_cast<float>(scores.floats[i] / sum);
    }
  }
  return scores;
}

/// Scaled dot-product attention with shared key heads (opset 23).
std::vector<Array> attention(const OperatorCall& call) {
  const Operation& o = call.operation;
  const Heads h = heads_of(call);
  const bool masked = has(call, 3) || has(call, 6) || integer(o, "is_causal", 0) != 0;
  support(call, real(o, "softcap", 0) == 0 || !masked,
          "softcap with a mask (ONNX releases differ in their order)");
  support(call, integer(o, "is_causal", 0) == 0 || !has(call, 6),
          "a causal mask over padded keys (ONNX releases differ)");
  const std::int64_t mode = integer(o, "qk_matmul_output_mode", 0);
  support(call, !wants(call, 3) || ((mode == 0 && real(o, "softcap", 0) == 0) || mode == 3),
          "this mode of the scores as an output");
  const Array scores = scores_of(call, h);
  const Array weights = softmax_rows(scores, mask_of(call, scores.dims));
  const Dims &q = h.q.dims, &v = h.v.dims;
  Array y = zeros({q[0], q[1], q[2], v[3]}, h.q.type);
  for (std::int64_t i = 0; i < y.size(); ++i) {
    const std::int64_t column = i % v[3], row = i / v[3], head = row / q[2];
    const std::int64_t shared = head / q[1] * v[1] + head % q[1] / (q[1] / v[1]);
    double sum = 0;
    for (std::int64_t t = 0; t < v[2]; ++t) {
      sum += value(weights, row * v[2] + t) * value(h.v, (shared * v[2] + t) * v[3] + column);
    }
    y.floats[static_cast<std::size_t>(i)] = rounded(sum, y.type);
  }
  Array shown = mode == 3 ? weights : scores;
  round_floats(shown);
  if (float_input(call, 0).dims.size() == 3) y = by_columns(y);
  return {y, h.k, h.v, shown};
}

}  // namespace

void add_attention(OperatorTable& table) { table["Attention"] = attention; }

}  // namespace lightloom::nn::onnx

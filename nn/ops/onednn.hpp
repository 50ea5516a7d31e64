#pragma once

// Private to nn/ops: the only header that shows oneDNN, and the only place that knows its version
// (2.6 of Debian 12, 3.x of Debian 13).

#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "nn/ops/tensor.hpp"

namespace lightloom::nn::onednn {

inline const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

inline dnnl::stream& stream() {
  static thread_local dnnl::stream queue(engine());
  return queue;
}

/// Channels-last map.
inline dnnl::memory::desc map_desc(const TensorShape& shape) {
  return {{shape.images, shape.channels, shape.height, shape.width},
          dnnl::memory::data_type::f32,
          dnnl::memory::format_tag::nhwc};
}

inline dnnl::memory::desc vector_desc(std::int64_t size) {
  return {{size}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a};
}

/// A view on memory of ours; oneDNN takes inputs as non-const too.
template <class T>
dnnl::memory view(const dnnl::memory::desc& desc, const T* data) {
  return {desc, engine(), const_cast<T*>(data)};
}

/// Whether oneDNN uses a set of instructions here. A set holds the bits of the smaller ones, AMX
/// those of AVX-512 BF16.
inline bool has(dnnl::cpu_isa wanted) {
  const auto needed = static_cast<unsigned>(wanted);
  const auto there = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  return (there & needed) == needed;
}

using Arguments = std::unordered_map<int, dnnl::memory>;

/// What a pooling's two directions have in common.
struct PoolingShape {
  dnnl::algorithm how;
  dnnl::memory::desc x, y;
  dnnl::memory::dims strides, kernel, begin, end;  // begin and end: padding
};

// Version 3 has no descriptors of operations: what they took goes to the primitive descriptor.

#if DNNL_VERSION_MAJOR >= 3

inline dnnl::memory::dims dims_of(const dnnl::memory::desc& desc) { return desc.get_dims(); }

/// The descriptor of a forward primitive of what describes its operation.
template <class Primitive, class... Operation>
typename Primitive::primitive_desc describe_forward(const dnnl::primitive_attr& attr,
                                                    const Operation&... operation) {
  return {engine(), operation..., attr};
}

/// The same for a gradient, with the descriptor of its forward.
template <class Primitive, class Hint, class... Operation>
typename Primitive::primitive_desc describe_backward(const Hint& hint,
                                                     const Operation&... operation) {
  return {engine(), operation..., hint};
}

inline dnnl::pooling_forward::primitive_desc describe_pooling(const PoolingShape& p) {
  const dnnl::memory::dims plain{0, 0};  // no dilation
  return {engine(), dnnl::prop_kind::forward_training,
          p.how,    p.x,
          p.y,      p.strides,
          p.kernel, plain,
          p.begin,  p.end};
}

inline dnnl::pooling_backward::primitive_desc describe_pooling_gradient(
    const PoolingShape& p, const dnnl::pooling_forward::primitive_desc& hint) {
  const dnnl::memory::dims plain{0, 0};
  return {engine(), p.how, p.x, p.y, p.strides, p.kernel, plain, p.begin, p.end, hint};
}

inline void append_eltwise(dnnl::post_ops& after, dnnl::algorithm how, float alpha, float beta) {
  after.append_eltwise(how, alpha, beta);
}

/// x clip(x/6 + 1/2, 0, 1).
inline void append_hard_swish(dnnl::post_ops& after) {
  after.append_eltwise(dnnl::algorithm::eltwise_hardswish, 1.0f / 6, 0.5f);
}

#else

inline dnnl::memory::dims dims_of(const dnnl::memory::desc& desc) { return desc.dims(); }

template <class Primitive, class... Operation>
typename Primitive::primitive_desc describe_forward(const dnnl::primitive_attr& attr,
                                                    const Operation&... operation) {
  return {typename Primitive::desc(operation...), attr, engine()};
}

template <class Primitive, class Hint, class... Operation>
typename Primitive::primitive_desc describe_backward(const Hint& hint,
                                                     const Operation&... operation) {
  return {typename Primitive::desc(operation...), engine(), hint};
}

inline dnnl::pooling_forward::primitive_desc describe_pooling(const PoolingShape& p) {
  return {{dnnl::prop_kind::forward_training, p.how, p.x, p.y, p.strides, p.kernel, p.begin, p.end},
          engine()};
}

inline dnnl::pooling_backward::primitive_desc describe_pooling_gradient(
    const PoolingShape& p, const dnnl::pooling_forward::primitive_desc& hint) {
  return {{p.how, p.x, p.y, p.strides, p.kernel, p.begin, p.end}, engine(), hint};
}

inline void append_eltwise(dnnl::post_ops& after, dnnl::algorithm how, float alpha, float beta) {
  after.append_eltwise(1.0f, how, alpha, beta);
}

/// Its slope 1/6 and shift 1/2 are fixed.
inline void append_hard_swish(dnnl::post_ops& after) {
  append_eltwise(after, dnnl::algorithm::eltwise_hardswish, 0.0f, 0.0f);
}

#endif

}  // namespace lightloom::nn::onednn

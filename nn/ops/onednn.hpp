#pragma once

// Private to nn/ops: the only header that shows oneDNN (2.6).

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
inline dnnl::memory view(const dnnl::memory::desc& desc, const float* data) {
  return {desc, engine(), const_cast<float*>(data)};
}

using Arguments = std::unordered_map<int, dnnl::memory>;

}  // namespace lightloom::nn::onednn

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "nn/graph/graph.hpp"

namespace lightloom::nn {

/// (images, height, width, channels), channels last, row-major.
struct TensorShape {
  int images = 0, height = 1, width = 1, channels = 1;

  TensorShape() = default;
  TensorShape(int n, const MapShape& map)
      : images(n), height(map.height), width(map.width), channels(map.channels) {}
  TensorShape(int n, int h, int w, int c) : images(n), height(h), width(w), channels(c) {}

  [[nodiscard]] std::int64_t size() const {
    return std::int64_t{images} * height * width * channels;
  }
  [[nodiscard]] std::int64_t pixels() const { return std::int64_t{images} * height * width; }
  bool operator==(const TensorShape&) const = default;
};

/// A float buffer, aligned to 64 bytes, with a shape. Contents are undefined until written.
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(const TensorShape& shape) { resize(shape); }

  /// Changes the shape; keeps the memory when it is large enough. Contents become undefined.
  void resize(const TensorShape& shape);
  /// The same numbers seen as another shape of the same size.
  void view_as(const TensorShape& shape);

  [[nodiscard]] const TensorShape& shape() const { return shape_; }
  [[nodiscard]] float* data() { return data_.get(); }
  [[nodiscard]] const float* data() const { return data_.get(); }
  [[nodiscard]] std::span<float> values() {
    return {data(), static_cast<std::size_t>(shape_.size())};
  }
  [[nodiscard]] std::span<const float> values() const {
    return {data(), static_cast<std::size_t>(shape_.size())};
  }
  [[nodiscard]] std::int64_t capacity() const { return capacity_; }

 private:
  struct Release {
    void operator()(float* memory) const;
  };
  std::unique_ptr<float, Release> data_;
  std::int64_t capacity_ = 0;
  TensorShape shape_;
};

/// Tensors to be used again: activations and gradients of one pass come from here, so that the next
/// pass allocates nothing. Handing back a tensor makes its memory available to any tensor that
/// fits.
class TensorPool {
 public:
  std::shared_ptr<Tensor> take(const TensorShape& shape);
  /// Floats ever allocated by this pool.
  [[nodiscard]] std::int64_t allocated() const { return allocated_; }

 private:
  std::vector<std::shared_ptr<Tensor>> tensors_;  // free when nobody else holds them
  std::int64_t allocated_ = 0;
};

}  // namespace lightloom::nn

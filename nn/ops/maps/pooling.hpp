#pragma once

#include <memory>

#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

enum class PoolKind { max, average, average_without_padding };

/// Max or average pooling and its gradient.
class Pooling {
 public:
  Pooling(PoolKind kind, const Window& window);
  ~Pooling();
  Pooling(Pooling&&) noexcept;
  Pooling& operator=(Pooling&&) noexcept;

  void forward(const Tensor& x, Tensor& y);
  /// Overwrites dx; belongs to the latest forward of as many images.
  void backward(const Tensor& dy, Tensor& dx);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> own_;
};

}  // namespace lightloom::nn

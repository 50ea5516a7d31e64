#include "nn/ops/tensor.hpp"

#include <cassert>
#include <cstdlib>
#include <new>

namespace lightloom::nn {
namespace {

constexpr std::size_t alignment = 64;  // one cache line, one AVX-512 register

}  // namespace

void Tensor::Release::operator()(float* memory) const { std::free(memory); }

void Tensor::resize(const TensorShape& shape) {
  shape_ = shape;
  if (shape.size() <= capacity_) return;
  const std::size_t bytes =
      (static_cast<std::size_t>(shape.size()) * sizeof(float) + alignment - 1) / alignment *
      alignment;
  data_.reset();
  data_.reset(static_cast<float*>(std::aligned_alloc(alignment, bytes)));
  if (data_ == nullptr) throw std::bad_alloc();
  capacity_ = static_cast<std::int64_t>(bytes / sizeof(float));
}

void Tensor::view_as(const TensorShape& shape) {
  assert(shape.size() == shape_.size());
  shape_ = shape;
}

std::shared_ptr<Tensor> TensorPool::take(const TensorShape& shape) {
  std::shared_ptr<Tensor>* best = nullptr;
  for (std::shared_ptr<Tensor>& tensor : tensors_) {
    const bool fits = tensor.use_count() == 1 && tensor->capacity() >= shape.size();
    if (fits && (best == nullptr || tensor->capacity() < (*best)->capacity())) best = &tensor;
  }
  // A much larger buffer is left for a tensor that needs it.
  if (best == nullptr || (*best)->capacity() > 2 * shape.size() + 1024) {
    tensors_.push_back(std::make_shared<Tensor>(shape));
    allocated_ += tensors_.back()->capacity();
    return tensors_.back();
  }
  (*best)->resize(shape);
  return *best;
}

}  // namespace lightloom::nn

#include "nn/ops/maps/gather.hpp"

#include <algorithm>
#include <cassert>

namespace lightloom::nn {
namespace {

struct Place {
  int input;
  std::int64_t element;
};

/// A place of the joined memory as one of an input.
Place place_in(std::span<const std::int64_t> sizes, std::int64_t place) {
  if (place < 0) return {-1, 0};
  int input = 0;
  while (place >= sizes[static_cast<std::size_t>(input)])
    place -= sizes[static_cast<std::size_t>(input++)];
  return {input, place};
}

/// Elements of one image.
std::int64_t image_size(const Tensor& t) { return t.shape().size() / t.shape().images; }

}  // namespace

Gather::Gather(std::shared_ptr<const Places> table, std::span<const std::int64_t> sizes)
    : fill_(table->fill), size_(static_cast<std::int64_t>(table->from.size())) {
  for (std::int64_t to = 0; to < size_; ++to) {
    const Place place = place_in(sizes, table->from[static_cast<std::size_t>(to)]);
    if (!runs_.empty()) {
      Run& last = runs_.back();
      const bool follows = last.from + last.length == place.element || place.input < 0;
      if (last.input == place.input && follows) {
        ++last.length;
        continue;
      }
    }
    runs_.push_back({place.input, place.element, to, 1});
  }
}

void Gather::forward(std::span<const Tensor* const> inputs, Tensor& y) const {
  assert(image_size(y) == size_);
#pragma omp parallel for schedule(static)
  for (int image = 0; image < y.shape().images; ++image) {
    float* to = y.data() + image * size_;
    for (const Run& run : runs_) {
      if (run.input < 0) {
        std::fill_n(to + run.to, run.length, fill_);
        continue;
      }
      const Tensor& x = *inputs[static_cast<std::size_t>(run.input)];
      std::copy_n(x.data() + image * image_size(x) + run.from, run.length, to + run.to);
    }
  }
}

void Gather::backward(std::size_t input, const Tensor& dy, Tensor& dx) const {
  const std::int64_t size = image_size(dx);
#pragma omp parallel for schedule(static)
  for (int image = 0; image < dx.shape().images; ++image) {
    float* to = dx.data() + image * size;
    const float* from = dy.data() + image * size_;
    std::fill_n(to, size, 0.0f);
    for (const Run& run : runs_) {
      if (run.input != static_cast<int>(input)) continue;
      for (std::int64_t i = 0; i < run.length; ++i) to[run.from + i] += from[run.to + i];
    }
  }
}

}  // namespace lightloom::nn

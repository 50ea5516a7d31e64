#pragma once

#include <utility>
#include <vector>

#include "nn/onnx/translation/translation.hpp"

namespace lightloom::nn::onnx {

/// The numbers of all elements of a value.
Numbers numbers_of(const Translation& t, const Changing& x);

/// Elements of x's node by their numbers, as dimensions: in an order of every image where images
/// are along the first axis, else scattered.
Changing arranged(const Translation& t, Changing x, std::vector<std::int64_t> dims,
                  Numbers numbers);

/// A value whose images are scattered as (images, rows, `size`), and for every row of its own the
/// image and the row there. Throws `Unsupported` where a row has elements of several images.
struct Grouped {
  Changing value;
  std::vector<std::pair<std::int64_t, std::int64_t>> rows;
};
Grouped grouped(const Translation& t, const Changing& x, std::int64_t size);

/// What was made of a grouped value row by row, in the rows of the value it was made of.
Changing ungrouped(const Translation& t, const Grouped& from, const Changing& made,
                   std::vector<std::int64_t> dims);

}  // namespace lightloom::nn::onnx

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nn/data/image_set.hpp"
#include "nn/graph/dataset_shape.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {

/// A data set of images of 2 x 3 pixels, so that whole files are small.
nn::DatasetShape small_images(int channels);

/// Two files in one input: its first two bytes say how long the first is (little endian).
struct Pair {
  Input first, second;
};
Pair pair_of(Input input);
Bytes joined(const Bytes& first, const Bytes& second);

/// Reads with the row of the table of readers, and demands that what was accepted fits together.
void read_images(std::string_view format, const std::vector<std::string>& paths,
                 const nn::DatasetShape& shape);

}  // namespace lightloom::fuzz

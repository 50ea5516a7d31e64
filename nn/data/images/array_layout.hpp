#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/graph/dataset_shape.hpp"

namespace lightloom::nn {

/// The image that one row of an array of this shape (count first) is, where `known` leaves it open.
/// Throws `Error` when two readings are possible.
MapShape image_of(const std::vector<std::int64_t>& shape, const DatasetShape& known,
                  const std::string& path);

/// Whether the rows of such an array have channels first where the images of `expected` have them
/// last. Throws `Error` when the array holds other images, or two readings are possible.
bool has_channels_first(const std::vector<std::int64_t>& shape, const DatasetShape& expected,
                        const std::string& path);

}  // namespace lightloom::nn

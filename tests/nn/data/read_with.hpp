#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/error.hpp"
#include "nn/data/readers.hpp"

namespace lightloom::nn {

/// Reads by the row of that format, as a data set does.
inline ImageSet read_with(std::string_view format, const std::vector<std::string>& paths,
                          const DatasetShape& expected) {
  const auto found = std::find_if(readers().begin(), readers().end(),
                                  [&](const Reader& one) { return one.format == format; });
  require(found != readers().end(), "no reader of {}", format);
  return found->read(paths, expected);
}

/// Its 8-bit samples.
inline std::vector<std::uint8_t> pixels_of(const ImageSet& set) {
  return {set.pixels.begin(), set.pixels.end()};
}

}  // namespace lightloom::nn

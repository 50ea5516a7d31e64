#pragma once

#include <cstddef>
#include <cstdint>

namespace lightloom {

/// A place or a size that a test counts in ints, where a container asks for it. What is multiplied
/// within is small; the sanitisers of the preset `asan` would stop a product of ints that is not.
constexpr std::size_t as_index(std::int64_t place) { return static_cast<std::size_t>(place); }

}  // namespace lightloom

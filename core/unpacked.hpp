#pragma once

#include <algorithm>
#include <cstdint>

namespace lightloom {

/// How many bytes `packed` bytes of a stranger's file may become: 64 times as many, or 256 MiB.
/// Numbers of measurements, images and networks shrink by far less; deflate alone can claim a
/// thousand times its size.
constexpr std::uint64_t most_unpacked(std::uint64_t packed) {
  constexpr std::uint64_t always = std::uint64_t{1} << 28, times = 64;
  return std::max(always, packed > UINT64_MAX / times ? UINT64_MAX : times * packed);
}

}  // namespace lightloom

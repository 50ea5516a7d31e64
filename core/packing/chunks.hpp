#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace lightloom {

/// Numbers along an axis.
using Extent = std::uint64_t;

/// All numbers of an array, one after the other, the last axis fastest.
struct ArrayBytes {
  std::span<const std::byte> numbers;
  std::size_t number_bytes = 1;
  std::vector<Extent> shape;  // not empty
};

/// How an array is cut and packed. Chunks are runs of whole rows: in front of the side that is cut
/// all are 1, behind it all are the array's own.
struct ChunkForm {
  std::vector<Extent> sides;
  int level = 1;          // deflate's
  bool shuffles = false;  // bytes sorted by their place in a number first
};

/// A chunk as it lies in an HDF5 file with the filters shuffle, if it is asked for, and deflate.
struct PackedChunk {
  std::vector<Extent> offset;  // of its first number
  std::vector<std::byte> bytes;
  unsigned filters_left_out = 0;  // a bit for each that did nothing
};

/// The sides of chunks of about 65,536 numbers.
std::vector<Extent> chunk_sides(const std::vector<Extent>& shape);

/// Cuts an array and packs its chunks side by side on all threads; `write` gets them one by one, in
/// their order, on the caller's. Throws what it throws, and `Failure`.
void pack_chunks(const ArrayBytes& array, const ChunkForm& form,
                 const std::function<void(const PackedChunk&)>& write);

}  // namespace lightloom

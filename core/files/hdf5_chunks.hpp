#pragma once

#include <hdf5.h>

#include <cstddef>
#include <span>
#include <vector>

namespace lightloom {

/// How an array is cut and packed. Chunks are runs of whole rows: in front of the side that is cut
/// all are 1, behind it all are the array's own.
struct ChunkForm {
  std::vector<hsize_t> sides;
  unsigned level = 1;     // deflate's
  bool shuffles = false;  // bytes sorted by their place in a number first
};

/// Has an array of `shape` cut into chunks of about 65,536 numbers.
std::vector<hsize_t> chunk_sides(const std::vector<hsize_t>& shape);

/// Sets up an array's creation for that form.
void set_chunks(hid_t creation, const ChunkForm& form);

/// Writes the whole of an array that was made so, as H5Dwrite does, but packs its chunks side by
/// side. `numbers`: the bytes of all its numbers, `number_bytes` each. Throws `Failure`.
void write_chunks(hid_t set, const ChunkForm& form, const std::vector<hsize_t>& shape,
                  std::span<const std::byte> numbers, std::size_t number_bytes);

}  // namespace lightloom

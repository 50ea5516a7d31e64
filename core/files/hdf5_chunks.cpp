#include "core/files/hdf5_chunks.hpp"

#include <zlib.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/files/hdf5_handle.hpp"
#include "core/parallel.hpp"

namespace lightloom {
namespace {

// Measured: docs/evidence/performance.md#sweeps-of-very-many-points.
constexpr hsize_t numbers_a_chunk = 65'536;
constexpr std::size_t chunks_at_once = 64;

using Bytes = std::vector<std::byte>;

/// A chunk as it lies in the file.
struct Packed {
  std::vector<hsize_t> offset;
  Bytes bytes;
  unsigned filters_left_out = 0;  // a bit for each that did nothing
};

hsize_t product(std::span<const hsize_t> sides) {
  hsize_t size = 1;
  for (const hsize_t side : sides) size *= side;
  return size;
}

/// The first byte of all numbers, then the second of all.
Bytes shuffled(const Bytes& plain, std::size_t number_bytes) {
  Bytes sorted(plain.size());
  const std::size_t count = plain.size() / number_bytes;
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t b = 0; b < number_bytes; ++b)
      sorted[b * count + i] = plain[i * number_bytes + b];
  return sorted;
}

/// Deflates a chunk, or leaves it as it is where that makes it no smaller.
void deflate(Bytes plain, const ChunkForm& form, Packed& packed) {
  uLongf size = compressBound(plain.size());
  packed.bytes.resize(size);
  const int code = compress2(reinterpret_cast<Bytef*>(packed.bytes.data()), &size,
                             reinterpret_cast<const Bytef*>(plain.data()), plain.size(),
                             static_cast<int>(form.level));
  if (code != Z_OK) throw Failure("zlib cannot pack an array");
  if (size < plain.size()) {
    packed.bytes.resize(size);
  } else {
    packed.bytes = std::move(plain);
    packed.filters_left_out = form.shuffles ? 2 : 1;  // deflate is the last
  }
}

/// Cuts an array.
class Cutter {
 public:
  Cutter(const ChunkForm& form, const std::vector<hsize_t>& shape,
         std::span<const std::byte> numbers, std::size_t number_bytes)
      : form_(form), shape_(shape), numbers_(numbers), number_bytes_(number_bytes) {
    cut_ = shape.size() - 1;
    while (cut_ > 0 && form.sides[cut_] == shape[cut_]) --cut_;
    row_ = product(std::span(shape).subspan(cut_ + 1));
    in_a_row_of_chunks_ = (shape[cut_] + form.sides[cut_] - 1) / form.sides[cut_];
  }

  [[nodiscard]] std::size_t count() const {
    return product(std::span(shape_).first(cut_)) * in_a_row_of_chunks_;
  }

  [[nodiscard]] Packed chunk(std::size_t number) const {
    Packed packed{.offset = std::vector<hsize_t>(shape_.size()), .bytes = {}};
    const hsize_t first = number % in_a_row_of_chunks_ * form_.sides[cut_];
    const hsize_t line = number / in_a_row_of_chunks_;
    packed.offset[cut_] = first;
    hsize_t rest = line;
    for (std::size_t i = cut_; i-- > 0; rest /= shape_[i]) packed.offset[i] = rest % shape_[i];
    const hsize_t rows = std::min(form_.sides[cut_], shape_[cut_] - first);
    const auto here = numbers_.subspan((line * shape_[cut_] + first) * row_ * number_bytes_,
                                       rows * row_ * number_bytes_);
    Bytes plain(product(form_.sides) *
                number_bytes_);  // the last of a line is filled up with zeros
    std::ranges::copy(here, plain.begin());
    deflate(form_.shuffles ? shuffled(plain, number_bytes_) : std::move(plain), form_, packed);
    return packed;
  }

 private:
  const ChunkForm& form_;
  const std::vector<hsize_t>& shape_;
  std::span<const std::byte> numbers_;
  std::size_t number_bytes_;
  std::size_t cut_ = 0;  // the side that is cut: the last whose chunks are not the whole of it
  hsize_t row_ = 1, in_a_row_of_chunks_ = 1;
};

}  // namespace

std::vector<hsize_t> chunk_sides(const std::vector<hsize_t>& shape) {
  std::vector<hsize_t> sides = shape;
  hsize_t size = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    sides[i] = std::clamp<hsize_t>(numbers_a_chunk / size, 1, shape[i]);
    size *= sides[i];
  }
  return sides;
}

void set_chunks(hid_t creation, const ChunkForm& form) {
  hdf5_check(H5Pset_chunk(creation, static_cast<int>(form.sides.size()), form.sides.data()),
             "pack an array");
  if (form.shuffles) hdf5_check(H5Pset_shuffle(creation), "pack an array");
  hdf5_check(H5Pset_deflate(creation, form.level), "pack an array");
}

void write_chunks(hid_t set, const ChunkForm& form, const std::vector<hsize_t>& shape,
                  std::span<const std::byte> numbers, std::size_t number_bytes) {
  const Cutter cutter(form, shape, numbers, number_bytes);
  for (std::size_t first = 0; first < cutter.count(); first += chunks_at_once) {
    std::vector<Packed> chunks(std::min(chunks_at_once, cutter.count() - first));
    parallel_for_dynamic(static_cast<std::ptrdiff_t>(chunks.size()), [&](std::ptrdiff_t i) {
      const auto k = static_cast<std::size_t>(i);
      chunks[k] = cutter.chunk(first + k);
    });
    for (const Packed& chunk : chunks)
      hdf5_check(H5Dwrite_chunk(set, H5P_DEFAULT, chunk.filters_left_out, chunk.offset.data(),
                                chunk.bytes.size(), chunk.bytes.data()),
                 "write an array");
  }
}

}  // namespace lightloom

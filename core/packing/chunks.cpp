#include "core/packing/chunks.hpp"

#include <zlib.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/parallel.hpp"

namespace lightloom {
namespace {

// Measured: docs/evidence/performance.md#sweeps-of-very-many-points.
constexpr Extent numbers_a_chunk = 65'536;
constexpr std::size_t chunks_at_once = 64;

using Bytes = std::vector<std::byte>;

Extent product(std::span<const Extent> sides) {
  Extent size = 1;
  for (const Extent side : sides) size *= side;
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
void deflate(Bytes plain, const ChunkForm& form, PackedChunk& packed) {
  uLongf size = compressBound(plain.size());
  packed.bytes.resize(size);
  const int code =
      compress2(reinterpret_cast<Bytef*>(packed.bytes.data()), &size,
                reinterpret_cast<const Bytef*>(plain.data()), plain.size(), form.level);
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
  Cutter(const ArrayBytes& array, const ChunkForm& form)
      : array_(array), form_(form), cut_(array.shape.size() - 1) {
    while (cut_ > 0 && form.sides[cut_] == array.shape[cut_]) --cut_;
    row_ = product(std::span(array.shape).subspan(cut_ + 1));
    in_a_line_ = (array.shape[cut_] + form.sides[cut_] - 1) / form.sides[cut_];
  }

  [[nodiscard]] std::size_t count() const {
    return product(std::span(array_.shape).first(cut_)) * in_a_line_;
  }

  [[nodiscard]] PackedChunk chunk(std::size_t number) const {
    const std::vector<Extent>& shape = array_.shape;
    PackedChunk packed{.offset = std::vector<Extent>(shape.size()), .bytes = {}};
    const Extent line = number / in_a_line_, first = number % in_a_line_ * form_.sides[cut_];
    packed.offset[cut_] = first;
    Extent rest = line;
    for (std::size_t i = cut_; i-- > 0; rest /= shape[i]) packed.offset[i] = rest % shape[i];
    const Extent rows = std::min(form_.sides[cut_], shape[cut_] - first),
                 row_bytes = row_ * array_.number_bytes;
    const auto here =
        array_.numbers.subspan((line * shape[cut_] + first) * row_bytes, rows * row_bytes);
    Bytes plain(product(form_.sides) * array_.number_bytes);  // zeros behind the end of a line
    std::ranges::copy(here, plain.begin());
    deflate(form_.shuffles ? shuffled(plain, array_.number_bytes) : std::move(plain), form_,
            packed);
    return packed;
  }

 private:
  const ArrayBytes& array_;
  const ChunkForm& form_;
  std::size_t cut_;  // the side that is cut: the last whose chunks are not the whole of it
  Extent row_ = 1, in_a_line_ = 1;
};

}  // namespace

std::vector<Extent> chunk_sides(const std::vector<Extent>& shape) {
  std::vector<Extent> sides = shape;
  Extent size = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    sides[i] = std::clamp<Extent>(numbers_a_chunk / size, 1, shape[i]);
    size *= sides[i];
  }
  return sides;
}

void pack_chunks(const ArrayBytes& array, const ChunkForm& form,
                 const std::function<void(const PackedChunk&)>& write) {
  const Cutter cutter(array, form);
  for (std::size_t first = 0; first < cutter.count(); first += chunks_at_once) {
    std::vector<PackedChunk> chunks(std::min(chunks_at_once, cutter.count() - first));
    parallel_for_dynamic(static_cast<std::ptrdiff_t>(chunks.size()), [&](std::ptrdiff_t i) {
      const auto k = static_cast<std::size_t>(i);
      chunks[k] = cutter.chunk(first + k);
    });
    for (const PackedChunk& chunk : chunks) write(chunk);
  }
}

}  // namespace lightloom

// IDX images and labels, plain and compressed.
#include <zlib.h>

#include "tests/fuzz/images/images.hpp"

namespace lightloom::fuzz {
namespace {

const Bytes images{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2,  0,  0,
                   0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
const Bytes labels{0, 0, 8, 1, 0, 0, 0, 2, 1, 2};

Bytes gzipped(Bytes bytes) {
  Bytes packed(bytes.size() + 64);
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = bytes.data();
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace

void read_input(Input input) {
  const auto [first, second] = pair_of(input);
  read_images("IDX files",
              {file_of(first, "images-idx3-ubyte"), file_of(second, "labels-idx1-ubyte")},
              small_images(1));
}

std::vector<Seed> seeds() {
  return {{"plain", joined(images, labels)}, {"gzipped", joined(gzipped(images), gzipped(labels))}};
}

}  // namespace lightloom::fuzz

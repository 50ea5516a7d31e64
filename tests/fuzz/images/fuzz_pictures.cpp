// PNG, JPEG, PGM and PPM images in a folder; the first byte chooses the kind and the colours.
#include <zlib.h>

#include <filesystem>

#include "tests/fuzz/images/images.hpp"

namespace lightloom::fuzz {
namespace {

constexpr const char* endings[] = {".png", ".pgm", ".ppm", ".png", ".jpg", ".jpeg"};
constexpr bool coloured[] = {false, false, true, true, true, false};

void put(Bytes& bytes, std::uint32_t word) {
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(word >> shift));
}

void put_chunk(Bytes& png, std::string_view type, const Bytes& data) {
  Bytes body = bytes_of(type);
  body.insert(body.end(), data.begin(), data.end());
  put(png, static_cast<std::uint32_t>(data.size()));
  png.insert(png.end(), body.begin(), body.end());
  put(png, static_cast<std::uint32_t>(crc32_z(0, body.data(), body.size())));
}

/// 3 wide, 2 high; `header` ends IHDR: bits, colour, compression, filter, interlace.
Bytes png(std::uint8_t kind, const Bytes& header, const Bytes& rows) {
  Bytes all{kind, 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, start;
  put(start, 3);
  put(start, 2);
  start.insert(start.end(), header.begin(), header.end());
  put_chunk(all, "IHDR", start);
  if (header[1] == 3) put_chunk(all, "PLTE", {1, 2, 3, 4, 5, 6});
  Bytes packed(compressBound(rows.size()));
  uLongf size = packed.size();
  compress(packed.data(), &size, rows.data(), rows.size());
  packed.resize(size);
  put_chunk(all, "IDAT", packed);
  put_chunk(all, "IEND", {});
  return all;
}

Bytes pnm(std::uint8_t kind, std::string_view header, std::size_t bytes) {
  Bytes all{kind};
  const Bytes text = bytes_of(header);
  all.insert(all.end(), text.begin(), text.end());
  all.resize(all.size() + bytes, 9);
  return all;
}

void put_segment(Bytes& jpeg, std::uint8_t kind, const Bytes& data) {
  jpeg.insert(jpeg.end(), {0xff, kind, 0, static_cast<std::uint8_t>(data.size() + 2)});
  jpeg.insert(jpeg.end(), data.begin(), data.end());
}

/// Which coefficients a scan of a JPEG holds (first, last, bits), and what stands for them.
struct Scan {
  Bytes spectrum, bits;
};

/// 3 wide, 2 high, all of one grey: every code is a single 0.
Bytes jpeg(std::uint8_t kind, std::uint8_t frame, std::uint8_t parts,
           const std::vector<Scan>& all) {
  Bytes bytes{kind, 0xff, 0xd8}, quantum(65, 1), header{8, 0, 2, 0, 3, parts};
  quantum[0] = 0;
  put_segment(bytes, 0xdb, quantum);
  for (std::uint8_t i = 1; i <= parts; ++i) header.insert(header.end(), {i, 0x11, 0});
  put_segment(bytes, frame, header);
  for (const std::uint8_t table : {0x00, 0x10}) {
    Bytes codes(18, 0);
    codes[0] = table;
    codes[1] = 1;
    put_segment(bytes, 0xc4, codes);
  }
  for (const Scan& scan : all) {
    Bytes start{parts};
    for (std::uint8_t i = 1; i <= parts; ++i) start.insert(start.end(), {i, 0});
    start.insert(start.end(), scan.spectrum.begin(), scan.spectrum.end());
    put_segment(bytes, 0xda, start);
    bytes.insert(bytes.end(), scan.bits.begin(), scan.bits.end());
  }
  bytes.insert(bytes.end(), {0xff, 0xd9});
  return bytes;
}

}  // namespace

void read_input(Input input) {
  if (input.empty()) return;
  const int kind = input[0] % 6;
  std::filesystem::create_directories("set/only");
  const std::string path = file_of(input.subspan(1), std::string("set/only/1") + endings[kind]);
  struct Remove {
    const std::string& path;
    ~Remove() { std::filesystem::remove(path); }
  } const remove{path};
  nn::DatasetShape shape = small_images(coloured[kind] ? 3 : 1);
  shape.classes = 1;
  read_images("folders of images", {"set"}, shape);
}

std::vector<Seed> seeds() {
  return {{"grey.png", png(0, {8, 0, 0, 0, 0}, {0, 1, 2, 3, 1, 4, 5, 6})},
          {"deep.png", png(0, {16, 0, 0, 0, 0}, Bytes(14, 1))},
          {"palette.png", png(3, {1, 3, 0, 0, 1}, Bytes(8, 0))},
          {"alpha.png", png(3, {8, 6, 0, 0, 0}, Bytes(26, 2))},
          {"grey.pgm", pnm(1, "P5\n# a comment\n3 2\n255\n", 6)},
          {"grey.jpg", jpeg(5, 0xc0, 1, {{{0, 63, 0}, {0x3f}}})},
          {"colour.jpg", jpeg(4, 0xc0, 3, {{{0, 63, 0}, {0x03}}})},
          {"progressive.jpg", jpeg(5, 0xc2, 1, {{{0, 0, 0}, {0x7f}}, {{1, 63, 0}, {0x7f}}})},
          {"colour.ppm", pnm(2, "P6 3 2 255\n", 18)}};
}

}  // namespace lightloom::fuzz

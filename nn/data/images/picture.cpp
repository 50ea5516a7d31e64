#include "nn/data/images/picture.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/file_kind.hpp"

namespace lightloom::nn {
namespace {

constexpr std::size_t largest_image_file = std::size_t{1} << 28;

/// A number of a PNM header; comments run from # to the end of their line.
int pnm_number(const std::string& bytes, std::size_t& at, const std::string& path) {
  const auto space = [&] {
    return at < bytes.size() && std::isspace(static_cast<unsigned char>(bytes[at]));
  };
  while (space() || (at < bytes.size() && bytes[at] == '#')) {
    if (bytes[at] == '#') at = std::min(bytes.find('\n', at), bytes.size() - 1);
    ++at;
  }
  int number = -1;
  const char* end = bytes.data() + bytes.size();
  const auto [stop, problem] = std::from_chars(bytes.data() + at, end, number);
  require(problem == std::errc{} && number >= 0, "'{}' is not a binary PGM or PPM image", path);
  at = static_cast<std::size_t>(stop - bytes.data());
  return number;
}

bool is_png(const std::string& bytes) { return bytes.starts_with("\x89PNG\r\n\x1a\n"); }
bool is_jpeg(const std::string& bytes) { return bytes.starts_with("\xff\xd8\xff"); }
bool is_pnm(const std::string& bytes) { return bytes.starts_with("P5") || bytes.starts_with("P6"); }

}  // namespace

void require_possible_size(const Picture& size, std::size_t bytes, const std::string& path) {
  constexpr double most = 1 << 28,
                   ratio = 4096;  // zlib packs zeros 1032 to 1, JPEG flat blocks more
  const double samples = double{1} * size.height * size.width * size.channels;
  require(size.height > 0 && size.width > 0 && samples <= most &&
              samples <= ratio * static_cast<double>(bytes) + 4096,
          "'{}' claims to be {} x {} pixels, more than {} bytes hold (a damaged file)", path,
          size.height, size.width, bytes);
}

Picture read_pnm(const std::string& bytes, const std::string& path) {
  Picture picture{.channels = bytes[1] == '5' ? 1 : 3, .samples = {}};
  std::size_t at = 2;
  picture.width = pnm_number(bytes, at, path);
  picture.height = pnm_number(bytes, at, path);
  require(pnm_number(bytes, at, path) == 255, "'{}' has not 8 bits a channel", path);
  require_possible_size(picture, bytes.size(), path);
  const auto size = static_cast<std::size_t>(picture.height) *
                    static_cast<std::size_t>(picture.width) *
                    static_cast<std::size_t>(picture.channels);
  ++at;  // one space
  require(at <= bytes.size() && size <= bytes.size() - at,
          "'{}' ends too early (the file is truncated)", path);
  picture.samples.assign(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                         bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
  return picture;
}

Picture read_picture(const std::string& path) {
  const std::string bytes = read_file(path, "image", largest_image_file);
  if (is_png(bytes)) return read_png(bytes, path);
  if (is_jpeg(bytes)) return read_jpeg(bytes, path);
  if (is_pnm(bytes)) return read_pnm(bytes, path);
  const std::string kind = kind_of_file(path);
  throw Error(
      fmt::format("'{}' is {}, which is not read as an image (convert it to PNG or JPEG, or "
                  "take it out of the folder; PNG, JPEG and binary PPM and PGM are read)",
                  path, kind.empty() ? "of no known kind" : kind));
}

Picture look_at_picture(const std::string& path) {
  Picture picture = read_picture(path);
  picture.samples.clear();
  return picture;
}

Picture with_channels(Picture picture, int channels) {
  if (picture.channels == channels) return picture;
  Picture other{picture.height, picture.width, channels, {}};
  if (channels == 3) {
    for (const std::uint8_t grey : picture.samples)
      other.samples.insert(other.samples.end(), 3, grey);
    return other;
  }
  for (std::size_t i = 0; i + 2 < picture.samples.size(); i += 3) {
    const unsigned r = picture.samples[i], g = picture.samples[i + 1], b = picture.samples[i + 2];
    other.samples.push_back(
        static_cast<std::uint8_t>((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16));
  }
  return other;
}

}  // namespace lightloom::nn

#include "core/archives/byte_stream.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace lightloom {
namespace {

/// zlib reads packed and plain files alike.
class GzipStream final : public ByteStream {
 public:
  explicit GzipStream(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    std::error_code ignored;
    require(file_ != nullptr && !std::filesystem::is_directory(path, ignored),
            "cannot read '{}' (the file is missing or not readable)", path);
    gzbuffer(file_.get(), 1 << 17);
  }

  std::size_t some(std::span<std::uint8_t> bytes) override {
    constexpr std::size_t most = std::size_t{1} << 30;  // zlib counts in int
    std::size_t all = 0;
    while (all < bytes.size()) {
      const auto wanted = static_cast<unsigned>(std::min(bytes.size() - all, most));
      const int got = gzread(file_.get(), bytes.data() + all, wanted);
      int code = 0;
      const std::string reason = gzerror(file_.get(), &code);
      require(got >= 0 && code >= 0, "'{}' is damaged ({})", path_,
              reason.empty() ? "zlib error " + std::to_string(code) : reason);
      all += static_cast<std::size_t>(got);
      if (static_cast<unsigned>(got) < wanted) break;
    }
    return all;
  }

 private:
  struct Close {
    void operator()(gzFile file) const { gzclose(file); }
  };
  std::string path_;
  std::unique_ptr<gzFile_s, Close> file_;
};

}  // namespace

void read_exactly(ByteStream& stream, std::span<std::uint8_t> bytes, const std::string& path) {
  require(stream.some(bytes) == bytes.size(), "'{}' ends too early (the file is truncated)", path);
}

std::string read_text(ByteStream& stream, std::uint64_t count, const std::string& path) {
  constexpr std::uint64_t piece = 1 << 20;
  std::string all;
  while (all.size() < count) {
    const std::size_t at = all.size();
    all.resize(static_cast<std::size_t>(std::min<std::uint64_t>(count, at + piece)));
    read_exactly(stream, {reinterpret_cast<std::uint8_t*>(all.data()) + at, all.size() - at}, path);
  }
  return all;
}

std::uint64_t drain(ByteStream& stream) {
  std::vector<std::uint8_t> piece(1 << 18);
  std::uint64_t all = 0;
  for (std::size_t got = piece.size(); got == piece.size(); all += got) got = stream.some(piece);
  return all;
}

void require_end(ByteStream& stream, const std::string& path) {
  std::uint8_t extra = 0;
  require(stream.some({&extra, 1}) == 0,
          "'{}' is longer than its header says (not the file it claims to be)", path);
}

std::unique_ptr<ByteStream> open_stream(const std::string& path) {
  return std::make_unique<GzipStream>(path);
}

std::string kind_of_file(const std::string& path) {
  using namespace std::string_view_literals;
  std::array<char, 16> start{};
  std::ifstream(path, std::ios::binary).read(start.data(), start.size());
  const std::string_view bytes(start.data(), start.size());
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kinds{{
      {"PK\x03\x04"sv, "a zip archive (as NumPy's .npz and PyTorch's .pt are)"sv},
      {"\x1f\x8b"sv, "a gzip file"sv},
      {"BZh"sv, "a bzip2 file"sv},
      {"\xfd"
       "7zXZ"sv,
       "an xz file"sv},
      {"\x28\xb5\x2f\xfd"sv, "a Zstandard file"sv},
      {"\x93NUMPY"sv, "a NumPy file (.npy)"sv},
      {"\x89HDF\r\n"sv, "an HDF5 file"sv},
      {"\x89PNG"sv, "a PNG image"sv},
      {"\xff\xd8\xff"sv, "a JPEG image"sv},
      {"GIF8"sv, "a GIF image"sv},
      {"RIFF"sv, "a RIFF file (WebP, WAV)"sv},
      {"BM"sv, "a BMP image"sv},
      {"\x80"sv, "a Python pickle"sv},
  }};
  for (const auto& [magic, kind] : kinds)
    if (bytes.starts_with(magic)) return std::string(kind);
  return "";
}

}  // namespace lightloom

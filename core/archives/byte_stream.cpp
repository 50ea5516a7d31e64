#include "core/archives/byte_stream.hpp"

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "core/error.hpp"
#include "core/unpacked.hpp"

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
    const std::uintmax_t size = std::filesystem::file_size(path, ignored);
    most_ = gzdirect(file_.get()) == 1 ? UINT64_MAX : most_unpacked(ignored ? 0 : size);
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
      given_ += static_cast<std::uint64_t>(got);
      require(given_ <= most_,
              "'{}' unpacks to more than 64 times its size (hardly a file of data; unpack it with "
              "gunzip if it is)",
              path_);
      if (static_cast<unsigned>(got) < wanted) break;
    }
    return all;
  }

 private:
  struct Close {
    void operator()(gzFile file) const { gzclose(file); }
  };
  std::string path_;
  std::uint64_t given_ = 0, most_ = 0;
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

}  // namespace lightloom

#include "core/archives/zip.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <string_view>

#include "core/error.hpp"
#include "core/unpacked.hpp"

namespace lightloom {
namespace {

constexpr std::uint64_t in_zip64 = 0xffffffff;

template <class Number>
Number zip_number(std::string_view bytes, std::size_t at, const std::string& path) {
  require(at <= bytes.size() && sizeof(Number) <= bytes.size() - at,
          "'{}' is a damaged zip archive (its directory is cut off)", path);
  Number number;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

/// Reads anywhere in a file; knows its size.
class ZipFile {
 public:
  explicit ZipFile(const std::string& path) : path_(path), file_(path, std::ios::binary) {
    file_.seekg(0, std::ios::end);
    require(file_.good(), "cannot read '{}' (the file is missing or not readable)", path);
    size_ = static_cast<std::uint64_t>(file_.tellg());
  }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  std::string read(std::uint64_t from, std::uint64_t count) {
    require(from <= size_ && count <= size_ - from,
            "'{}' is a damaged zip archive (a part lies outside the file: truncated?)", path_);
    std::string bytes(static_cast<std::size_t>(count), '\0');
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(from));
    file_.read(bytes.data(), static_cast<std::streamsize>(count));
    require(file_.good(), "'{}' ends too early (the file is truncated)", path_);
    return bytes;
  }

 private:
  std::string path_;
  std::ifstream file_;
  std::uint64_t size_ = 0;
};

/// Where the central directory lies.
struct Directory {
  std::uint64_t entries = 0, size = 0, offset = 0;
};

/// The record at the end, looked for behind a comment of at most 65535 bytes.
Directory find_directory(ZipFile& file, const std::string& path) {
  constexpr std::size_t record = 22, locator = 20;
  const std::uint64_t tail_size = std::min<std::uint64_t>(file.size(), record + 65535 + locator);
  const std::uint64_t tail_at = file.size() - tail_size;
  const std::string tail = file.read(tail_at, tail_size);
  const std::size_t at = tail.rfind("PK\x05\x06");
  require(at != std::string::npos && tail.size() - at >= record,
          "'{}' is no zip archive, or a truncated one (its directory is missing)", path);
  Directory found{.entries = zip_number<std::uint16_t>(tail, at + 10, path),
                  .size = zip_number<std::uint32_t>(tail, at + 12, path),
                  .offset = zip_number<std::uint32_t>(tail, at + 16, path)};
  if (found.entries != 0xffff && found.size != in_zip64 && found.offset != in_zip64) return found;
  if (at < locator || tail.compare(at - locator, 4, "PK\x06\x07") != 0) return found;
  const std::string wide = file.read(zip_number<std::uint64_t>(tail, at - locator + 8, path), 56);
  require(wide.starts_with("PK\x06\x06"), "'{}' is a damaged zip archive (zip64 record)", path);
  return {.entries = zip_number<std::uint64_t>(wide, 32, path),
          .size = zip_number<std::uint64_t>(wide, 40, path),
          .offset = zip_number<std::uint64_t>(wide, 48, path)};
}

/// Numbers past 32 bits stand in the extra field 1, those that need it, in this order.
void read_wide_numbers(std::string_view extra, const std::string& path, ZipMember& member) {
  while (extra.size() >= 4) {
    const auto id = zip_number<std::uint16_t>(extra, 0, path);
    const std::size_t size = zip_number<std::uint16_t>(extra, 2, path);
    if (size > extra.size() - 4) return;
    if (id == 1) {
      std::size_t at = 4;
      for (std::uint64_t* number : {&member.size, &member.packed, &member.header}) {
        if (*number != in_zip64) continue;
        *number = zip_number<std::uint64_t>(extra.substr(0, 4 + size), at, path);
        at += 8;
      }
    }
    extra.remove_prefix(4 + size);
  }
}

/// One entry of the directory at `at`; returns where the next begins.
std::size_t read_entry(std::string_view directory, std::size_t at, const std::string& path,
                       std::vector<ZipMember>& members) {
  const auto half = [&](std::size_t from) {
    return zip_number<std::uint16_t>(directory, at + from, path);
  };
  const auto word = [&](std::size_t from) {
    return zip_number<std::uint32_t>(directory, at + from, path);
  };
  require(word(0) == 0x02014b50, "'{}' is a damaged zip archive (its directory is broken)", path);
  const std::size_t name = half(28), extra = half(30), comment = half(32), start = at + 46;
  require(start <= directory.size() && name + extra + comment <= directory.size() - start,
          "'{}' is a damaged zip archive (its directory is cut off)", path);
  ZipMember member{.name = std::string(directory.substr(start, name)),
                   .header = word(42),
                   .packed = word(20),
                   .size = word(24),
                   .crc = word(16),
                   .deflated = half(10) == 8};
  read_wide_numbers(directory.substr(start + name, extra), path, member);
  require((half(8) & 1) == 0, "'{}': '{}' is encrypted", path, member.name);
  require(half(10) == 0 || half(10) == 8,
          "'{}': '{}' is packed by method {} (stored and deflated members are read)", path,
          member.name, half(10));
  require(member.deflated || member.packed == member.size,
          "'{}' is a damaged zip archive ('{}' is stored in another size than its own)", path,
          member.name);
  members.push_back(std::move(member));
  return start + name + extra + comment;
}

/// Unpacks a member as it is read; checks its size and checksum at the end.
class MemberStream final : public ByteStream {
 public:
  MemberStream(const std::string& path, const ZipMember& member)
      : path_(path), member_(member), file_(path), left_(member.packed) {
    const std::string header = file_.read(member.header, 30);
    require(header.starts_with("PK\x03\x04"), "'{}' is a damaged zip archive ('{}' is not there)",
            path, member.name);
    const std::uint64_t name = zip_number<std::uint16_t>(header, 26, path);
    require(file_.read(member.header + 30, name) == member.name,
            "'{}' is damaged (the name of '{}' is another where it begins)", path, member.name);
    at_ = member.header + 30 + name + zip_number<std::uint16_t>(header, 28, path);
    require(at_ <= file_.size() && left_ <= file_.size() - at_,
            "'{}' ends too early ('{}' is cut off)", path, member.name);
    require(inflateInit2(&unpacker_, -MAX_WBITS) == Z_OK, "zlib cannot begin to unpack '{}'", path);
  }
  ~MemberStream() override { inflateEnd(&unpacker_); }
  MemberStream(const MemberStream&) = delete;
  MemberStream& operator=(const MemberStream&) = delete;

  std::size_t some(std::span<std::uint8_t> bytes) override {
    std::size_t all = 0;
    while (all < bytes.size()) {
      const std::size_t got =
          member_.deflated ? unpack(bytes.subspan(all)) : copy(bytes.subspan(all));
      if (got == 0) break;
      all += got;
    }
    crc_ = static_cast<std::uint32_t>(crc32_z(crc_, bytes.data(), all));
    given_ += all;
    require(all == bytes.size() || given_ == member_.size,
            "'{}': '{}' has {} bytes where the archive says {}", path_, member_.name, given_,
            member_.size);
    require(given_ <= member_.size && (given_ < member_.size || crc_ == member_.crc),
            "'{}' is damaged (the checksum of '{}' is wrong)", path_, member_.name);
    return all;
  }

 private:
  std::size_t copy(std::span<std::uint8_t> bytes) {
    const auto count = std::min<std::uint64_t>(bytes.size(), left_);
    if (count == 0) return 0;
    const std::string part = file_.read(at_, std::min<std::uint64_t>(count, 1 << 22));
    std::memcpy(bytes.data(), part.data(), part.size());
    at_ += part.size();
    left_ -= part.size();
    return part.size();
  }
  std::size_t unpack(std::span<std::uint8_t> bytes) {
    if (ended_) return 0;
    const auto room = static_cast<uInt>(std::min<std::size_t>(bytes.size(), std::size_t{1} << 30));
    unpacker_.next_out = bytes.data();
    unpacker_.avail_out = room;
    while (unpacker_.avail_out == room && !ended_) {
      if (unpacker_.avail_in == 0 && left_ > 0) {
        packed_ = file_.read(at_, std::min<std::uint64_t>(left_, 1 << 18));
        at_ += packed_.size();
        left_ -= packed_.size();
        unpacker_.next_in = reinterpret_cast<Bytef*>(packed_.data());
        unpacker_.avail_in = static_cast<uInt>(packed_.size());
      }
      const int state = inflate(&unpacker_, Z_NO_FLUSH);
      ended_ = state == Z_STREAM_END;
      require(ended_ || state == Z_OK, "'{}' is damaged (zlib cannot unpack '{}')", path_,
              member_.name);
    }
    return room - unpacker_.avail_out;
  }

  std::string path_;
  ZipMember member_;
  ZipFile file_;
  std::uint64_t at_ = 0, left_ = 0, given_ = 0;
  std::uint32_t crc_ = 0;
  z_stream unpacker_{};
  std::string packed_;
  bool ended_ = false;
};

/// No archive unpacks to more than its bytes can fairly hold: neither one member of much the same,
/// nor many that share their packed bytes.
void require_fair(const std::vector<ZipMember>& members, std::uint64_t bytes,
                  const std::string& path) {
  const std::uint64_t most = most_unpacked(bytes);
  std::uint64_t packed = 0, unpacked = 0;
  for (const ZipMember& member : members) {
    require(member.packed <= bytes - packed,
            "'{}' is a damaged zip archive (its members together are larger than it is)", path);
    require(
        member.size <= most - unpacked,
        "'{}' claims to unpack to more than 64 times its size (damaged, or hardly an archive of "
        "data: store its members without compression)",
        path);
    packed += member.packed;
    unpacked += member.size;
  }
}

}  // namespace

std::vector<ZipMember> zip_members(const std::string& path) {
  ZipFile file(path);
  const Directory found = find_directory(file, path);
  const std::string directory = file.read(found.offset, found.size);
  std::vector<ZipMember> members;
  std::size_t at = 0;
  for (std::uint64_t entry = 0; entry < found.entries; ++entry)
    at = read_entry(directory, at, path, members);
  require_fair(members, file.size(), path);
  return members;
}

std::unique_ptr<ByteStream> open_member(const std::string& path, const ZipMember& member) {
  return std::make_unique<MemberStream>(path, member);
}

std::string read_member(const std::string& path, const ZipMember& member) {
  const auto stream = open_member(path, member);
  std::string all = read_text(*stream, member.size, path);
  require_end(*stream, path);
  return all;
}

}  // namespace lightloom

#include "core/matrices/npz.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/matrices/matrix_name.hpp"

namespace lightloom {
namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 31;
constexpr std::string_view ending = ".npy";

/// Little-endian numbers of a zip archive, with every place checked.
class ZipBytes {
 public:
  ZipBytes(const std::string& bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  [[nodiscard]] std::uint64_t number(std::size_t at, std::size_t width) const {
    const std::string_view part = range(at, width);
    std::uint64_t value = 0;
    std::memcpy(&value, part.data(), width);
    return value;
  }
  [[nodiscard]] std::string_view range(std::size_t at, std::size_t size) const {
    require(at <= bytes_.size() && size <= bytes_.size() - at,
            "'{}' is damaged (its zip archive points past its end; cut off?)", path_);
    return std::string_view(bytes_).substr(at, size);
  }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  const std::string& bytes_;
  const std::string& path_;
};

struct Member {
  std::string name;
  std::uint64_t packed = 0, size = 0, header = 0, crc = 0, method = 0;
};

struct Directory {
  std::uint64_t at = 0, members = 0;
};

/// Where the list of members lies, which the archive's last record says.
Directory directory_of(const ZipBytes& zip) {
  constexpr std::size_t record = 22, longest_comment = 65535;
  require(zip.size() >= record && zip.range(0, 2) == "PK",
          "'{}' is not a NumPy archive (no zip archive, or cut off)", zip.path());
  const std::size_t first = zip.size() - std::min(zip.size(), record + longest_comment);
  std::size_t at = zip.size() - record;
  while (zip.number(at, 4) != 0x06054b50) {
    require(at > first, "'{}' is damaged (the end of its zip archive is missing)", zip.path());
    --at;
  }
  const bool wide = at >= 20 && zip.number(at - 20, 4) == 0x07064b50;
  if (!wide) return {zip.number(at + 16, 4), zip.number(at + 10, 2)};
  const auto end = static_cast<std::size_t>(zip.number(at - 20 + 8, 8));
  require(zip.number(end, 4) == 0x06064b50, "'{}' is damaged (zip64)", zip.path());
  return {zip.number(end + 48, 8), zip.number(end + 32, 8)};
}

/// Sizes of 8 bytes that do not fit the list's fields stand behind the name, those needed only.
void read_wide_sizes(const ZipBytes& zip, std::size_t at, std::size_t end, Member& member) {
  constexpr std::uint64_t full = 0xFFFFFFFF;
  while (at + 4 <= end) {
    const auto kind = zip.number(at, 2), length = zip.number(at + 2, 2);
    std::size_t field = at + 4;
    at = field + static_cast<std::size_t>(length);
    if (kind != 1) continue;
    for (std::uint64_t* value : {&member.size, &member.packed, &member.header}) {
      if (*value != full) continue;
      *value = zip.number(field, 8);
      field += 8;
    }
  }
}

std::vector<Member> members_of(const ZipBytes& zip) {
  const Directory directory = directory_of(zip);
  auto at = static_cast<std::size_t>(directory.at);
  std::vector<Member> members;
  for (std::uint64_t k = 0; k < directory.members; ++k) {
    require(zip.number(at, 4) == 0x02014b50, "'{}' is damaged (the list of its zip archive)",
            zip.path());
    require((zip.number(at + 8, 2) & 1) == 0, "'{}' is encrypted", zip.path());
    const auto name = static_cast<std::size_t>(zip.number(at + 28, 2)),
               extra = static_cast<std::size_t>(zip.number(at + 30, 2)),
               comment = static_cast<std::size_t>(zip.number(at + 32, 2));
    Member member{.name = std::string(zip.range(at + 46, name)),
                  .packed = zip.number(at + 20, 4),
                  .size = zip.number(at + 24, 4),
                  .header = zip.number(at + 42, 4),
                  .crc = zip.number(at + 16, 4),
                  .method = zip.number(at + 10, 2)};
    read_wide_sizes(zip, at + 46 + name, at + 46 + name + extra, member);
    members.push_back(std::move(member));
    at += 46 + name + extra + comment;
  }
  return members;
}

std::string inflated(std::string_view packed, std::size_t size, const std::string& what) {
  // One byte of deflate makes at most 1032: a size beyond is a lie, and no memory is taken for it.
  require(size <= packed.size() * 1032 + 64, "{} is damaged (its size cannot be)", what);
  std::string bytes(size, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw Failure("zlib cannot start");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  const int status = inflate(&stream, Z_FINISH);
  const bool whole = status == Z_STREAM_END && stream.avail_out == 0;
  inflateEnd(&stream);
  require(whole, "{} is damaged (it does not unpack)", what);
  return bytes;
}

std::string contents(const ZipBytes& zip, const Member& member) {
  const std::string what = fmt::format("'{}': '{}'", zip.path(), member.name);
  const auto at = static_cast<std::size_t>(member.header);
  require(zip.number(at, 4) == 0x04034b50, "{} is damaged (its header)", what);
  const auto name = static_cast<std::size_t>(zip.number(at + 26, 2));
  require(zip.range(at + 30, name) == member.name, "{} is damaged (its name is another)", what);
  const std::size_t begin = at + 30 + name + static_cast<std::size_t>(zip.number(at + 28, 2));
  const std::string_view packed = zip.range(begin, static_cast<std::size_t>(member.packed));
  require(member.size <= most_bytes, "{} of {} bytes is too large", what, member.size);
  const auto size = static_cast<std::size_t>(member.size);
  require(member.method == 8 || (member.method == 0 && size == packed.size()),
          "{} is packed in a way that NumPy does not use", what);
  std::string bytes = member.method == 8 ? inflated(packed, size, what) : std::string(packed);
  const uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  require(crc == member.crc, "{} is damaged (its checksum is another)", what);
  return bytes;
}

/// Texts, dates, records and Python objects are passed over.
bool holds_numbers(const std::string& array) {
  constexpr std::string_view type = "'descr': '";
  const std::size_t at = array.find(type);
  return at != std::string::npos && at + type.size() + 1 < array.size() &&
         std::string_view("fciub").find(array[at + type.size() + 1]) != std::string_view::npos;
}

std::string array_name(const Member& member) {
  return member.name.ends_with(ending) ? member.name.substr(0, member.name.size() - ending.size())
                                       : member.name;
}

}  // namespace

std::vector<std::string> npz_matrices(const std::string& path) {
  const std::string bytes = read_file(path, "NumPy archive", most_bytes);
  const ZipBytes zip(bytes, path);
  std::vector<std::string> names;
  for (const Member& member : members_of(zip)) {
    const std::string array = contents(zip, member);
    if (holds_numbers(array) && parse_npy(array, member.name).shape.size() == 2)
      names.push_back(array_name(member));
  }
  return names;
}

NpyArray read_npz(const std::string& path, const std::string& name) {
  const std::string bytes = read_file(path, "NumPy archive", most_bytes);
  const ZipBytes zip(bytes, path);
  std::vector<std::string> names;
  for (const Member& member : members_of(zip)) {
    if (array_name(member) == name)
      return parse_npy(contents(zip, member), fmt::format("{}:{}", path, name));
    names.push_back(array_name(member));
  }
  choose_parts({path, name}, names);  // says what there is
  throw Error(fmt::format("{}: holds no array '{}'", path, name));
}

}  // namespace lightloom

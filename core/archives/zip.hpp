#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/archives/byte_stream.hpp"

namespace lightloom {

/// A member of a zip archive. Its name is text that the archive gives, never used as a path.
struct ZipMember {
  std::string name;
  std::uint64_t header = 0;  // where its local header begins
  std::uint64_t packed = 0;  // bytes in the archive
  std::uint64_t size = 0;    // bytes unpacked, as the directory says
  std::uint32_t crc = 0;     // of the unpacked bytes
  bool deflated = false;     // else stored
};

/// The members of a zip archive (PKWARE APPNOTE 6.3, with zip64), in its order. Throws `Error` for
/// what is no zip archive, is damaged, encrypted or packed otherwise than by deflate.
std::vector<ZipMember> zip_members(const std::string& path);

/// Opens one of them. Its end is an `Error` unless size and checksum are as the directory says.
std::unique_ptr<ByteStream> open_member(const std::string& path, const ZipMember& member);

/// A whole member.
std::string read_member(const std::string& path, const ZipMember& member);

}  // namespace lightloom

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace lightloom {

/// The bytes of a file, of a member of an archive or of a packed stream, front to back. Every
/// problem is an `Error` that names the file.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Fills `bytes` as far as there are any; returns how many, fewer than asked for at the end only.
  virtual std::size_t some(std::span<std::uint8_t> bytes) = 0;
};

/// Fills `bytes`; throws `Error` when the stream of `path` ends before.
void read_exactly(ByteStream& stream, std::span<std::uint8_t> bytes, const std::string& path);
/// The next `count` bytes, taken in pieces so that a count that lies allocates little more than
/// there is.
std::string read_text(ByteStream& stream, std::uint64_t count, const std::string& path);
/// How many bytes are left; the stream is at its end then.
std::uint64_t drain(ByteStream& stream);
/// Throws `Error` unless the stream has ended.
void require_end(ByteStream& stream, const std::string& path);

/// A file, unpacked if gzip packed it (RFC 1952).
std::unique_ptr<ByteStream> open_stream(const std::string& path);

}  // namespace lightloom

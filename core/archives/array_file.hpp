#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/archives/byte_stream.hpp"
#include "core/archives/numbers.hpp"

namespace lightloom {

/// What an array of a file says of itself.
struct ArrayHeader {
  NumberType type;
  bool columns_first = false;  // Fortran order
  std::vector<std::int64_t> shape;

  /// Elements of all axes but the first, and of all; an `Error` naming `path` past 2^48.
  [[nodiscard]] std::uint64_t row(const std::string& path) const;
  [[nodiscard]] std::uint64_t count(const std::string& path) const;
  /// Bytes of all.
  [[nodiscard]] std::uint64_t size(const std::string& path) const;
};

/// Which numbers a reader takes: real ones of at most 8 bytes, or complex ones and long doubles
/// too.
enum class NumberKinds { real, all };

/// Reads the header of a NumPy array (.npy, versions 1 to 3), whose numbers follow. Throws `Error`
/// naming `path`, for texts, dates, records, Python objects and numbers of other kinds too.
ArrayHeader read_array_header(ByteStream& stream, const std::string& path, NumberKinds kinds);
/// The same for numbers of all kinds; nothing where the stream is no NumPy array, or is one of
/// texts, dates, records or Python objects.
std::optional<ArrayHeader> find_array_header(ByteStream& stream, const std::string& path);

/// An array in rows along its first axis.
struct ArrayFile {
  std::string path;  // with the member's name, for sentences
  ArrayHeader header;
  std::unique_ptr<ByteStream> numbers;
};

/// Opens a .npy file (or one packed by gzip), or the array `name` of an .npz archive.
ArrayFile open_array(const std::string& path, NumberKinds kinds = NumberKinds::real);
ArrayFile open_archived_array(const std::string& path, const std::string& name,
                              NumberKinds kinds = NumberKinds::real);
/// Names of the arrays of an .npz archive, in its order.
std::vector<std::string> archived_arrays(const std::string& path);

/// All its numbers, of `NumberKinds::real`, in C order.
std::vector<double> all_numbers(ArrayFile& array);

}  // namespace lightloom

#pragma once

// Files of other programs, written by the tests byte by byte.

#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace lightloom::made {

template <class Number>
std::string little_endian(Number number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

inline std::string write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

/// What deflate makes of some bytes, without zlib's frame.
inline std::string deflated(const std::string& bytes) {
  z_stream packer{};
  deflateInit2(&packer, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&packer, static_cast<uLong>(bytes.size())), '\0');
  packer.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  packer.avail_in = static_cast<uInt>(bytes.size());
  packer.next_out = reinterpret_cast<Bytef*>(packed.data());
  packer.avail_out = static_cast<uInt>(packed.size());
  deflate(&packer, Z_FINISH);
  packed.resize(packer.total_out);
  deflateEnd(&packer);
  return packed;
}

/// What deflate makes of some bytes, up to a byte's end and to be gone on with.
inline std::string deflated_part(const std::string& bytes) {
  z_stream packer{};
  deflateInit2(&packer, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&packer, static_cast<uLong>(bytes.size())) + 64, '\0');
  packer.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  packer.avail_in = static_cast<uInt>(bytes.size());
  packer.next_out = reinterpret_cast<Bytef*>(packed.data());
  packer.avail_out = static_cast<uInt>(packed.size());
  deflate(&packer, Z_FULL_FLUSH);
  packed.resize(packer.total_out);
  deflateEnd(&packer);
  return packed;
}

/// The same of so many MiB of zeros, about a thousandth of them, and the end.
inline std::string deflated_zeros(int megabytes) {
  const std::string one = deflated_part(std::string(std::size_t{1} << 20, '\0'));
  std::string all;
  for (int i = 0; i < megabytes; ++i) all += one;
  return all + std::string("\x03\0", 2);
}

/// A gzip file (RFC 1952) of that, without the right checksum at its end.
inline std::string gzipped_zeros(int megabytes) {
  return std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10) + deflated_zeros(megabytes) +
         std::string(8, '\0');
}

enum class Packing { stored, deflated };

/// A zip archive of named members.
inline std::string zip(const std::vector<std::pair<std::string, std::string>>& members,
                       Packing packing = Packing::stored) {
  std::string all, directory;
  for (const auto& [name, bytes] : members) {
    const std::string data = packing == Packing::stored ? bytes : deflated(bytes);
    const auto crc = static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
    const std::string common = little_endian<std::uint16_t>(packing == Packing::stored ? 0 : 8) +
                               little_endian<std::uint32_t>(0) + little_endian(crc) +
                               little_endian(static_cast<std::uint32_t>(data.size())) +
                               little_endian(static_cast<std::uint32_t>(bytes.size())) +
                               little_endian(static_cast<std::uint16_t>(name.size())) +
                               little_endian<std::uint16_t>(0);
    const auto at = static_cast<std::uint32_t>(all.size());
    all += "PK\x03\x04" + little_endian<std::uint16_t>(20) + little_endian<std::uint16_t>(0);
    all.append(common).append(name).append(data);
    directory += "PK\x01\x02" + little_endian<std::uint32_t>(20) + little_endian<std::uint16_t>(0) +
                 common + little_endian<std::uint64_t>(0) + little_endian<std::uint16_t>(0) +
                 little_endian(at);
    directory.append(name);
  }
  const auto count = static_cast<std::uint16_t>(members.size());
  return all + directory + "PK\x05\x06" + little_endian<std::uint32_t>(0) + little_endian(count) +
         little_endian(count) + little_endian(static_cast<std::uint32_t>(directory.size())) +
         little_endian(static_cast<std::uint32_t>(all.size())) + little_endian<std::uint16_t>(0);
}

/// A .npy file.
template <class Number>
std::string npy(const std::string& type, const std::string& shape,
                const std::vector<Number>& numbers, const std::string& fortran = "False") {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
  header.resize((header.size() + 10 + 64) / 64 * 64 - 11, ' ');
  header += '\n';
  std::string bytes = std::string("\x93NUMPY\x01\0", 8) +
                      little_endian(static_cast<std::uint16_t>(header.size())) + header;
  for (const Number& number : numbers) bytes += little_endian(number);
  return bytes;
}

// Pickle, protocol 2.
inline std::string text(const std::string& value) {
  return "X" + little_endian(static_cast<std::uint32_t>(value.size())) + value;
}
inline std::string integer(std::int32_t value) { return "J" + little_endian(value); }
inline std::string tuple(const std::string& items) { return "(" + items + "t"; }
inline std::string integers(const std::vector<std::int32_t>& values) {
  std::string items;
  for (const std::int32_t value : values) items += integer(value);
  return tuple(items);
}
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string pickle(const std::string& value) {
  return std::string("\x80\x02", 2) + value + ".";
}

/// A tensor as torch.save pickles it.
struct Tensor {
  std::string name, storage_type = "FloatStorage", key = "0";
  std::int32_t count = 0, offset = 0;
  std::vector<std::int32_t> sides, strides;
};
inline std::string pickled(const Tensor& tensor) {
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple(tuple(text("storage") + global("torch", tensor.storage_type) + text(tensor.key) +
                     text("cpu") + integer(tensor.count)) +
               "Q" + integer(tensor.offset) + integers(tensor.sides) + integers(tensor.strides) +
               "\x89" + global("collections", "OrderedDict") + ")R") +
         "R";
}
inline std::string state_dict(const std::vector<Tensor>& tensors) {
  std::string items;
  for (const Tensor& tensor : tensors) items += text(tensor.name) + pickled(tensor);
  return global("collections", "OrderedDict") + ")R(" + items + "u";
}

}  // namespace lightloom::made

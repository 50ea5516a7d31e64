#include "nn/packing/packed_file.hpp"

#include <zlib.h>

#include <algorithm>
#include <charconv>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"

namespace lightloom::nn {
namespace {

constexpr std::string_view magic = "LLWEIGHT";
constexpr std::uint32_t version = 1;
constexpr std::size_t preamble = 8 + 3 * 4;  // magic, version, description length, checksum

std::size_t bytes_for(std::size_t count, int bits) {
  return (count * static_cast<std::size_t>(bits) + 7) / 8;
}

Tree describe_stream(const CodedStream& stream) {
  Tree tree = Tree::mapping();
  tree.at_or_add("name") = Tree::of(stream.name);
  tree.at_or_add("bits") = Tree::of(std::to_string(stream.bits));
  tree.at_or_add("count") = Tree::of(std::to_string(stream.words.size()));
  tree.at_or_add("in_ratio") = Tree::of(std::string(stream.in_ratio ? "true" : "false"));
  tree.at_or_add("exposed") = Tree::of(std::string(stream.exposed ? "true" : "false"));
  return tree;
}

std::string description(const PackedFile& file) {
  Tree tree = Tree::mapping();
  Tree& about = tree.at_or_add("about");
  about = Tree::mapping();
  for (const auto& [key, value] : file.about) about.at_or_add(key) = Tree::of(value);
  Tree& sections = tree.at_or_add("sections");
  sections = Tree::list();
  for (const PackedSection& section : file.sections) {
    Tree one = Tree::mapping();
    one.at_or_add("layer") = Tree::of(section.layer);
    Tree& streams = one.at_or_add("streams");
    streams = Tree::list();
    for (const CodedStream& stream : section.streams)
      streams.items.push_back(describe_stream(stream));
    sections.items.push_back(std::move(one));
  }
  return to_yaml(tree);
}

void put(std::vector<std::uint8_t>& bytes, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8)
    bytes.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint32_t get(std::span<const std::uint8_t> bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(bytes[at + i]) << (8 * i);
  return value;
}

std::uint32_t checksum(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
}

const Tree& child(const Tree& tree, const char* key, const std::string& origin) {
  const Tree* found = tree.find(key);
  require(found != nullptr, "'{}' is not a readable weight file (its description has no '{}')",
          origin, key);
  return *found;
}

std::int64_t number(const Tree& tree, const char* key, const std::string& origin) {
  const std::string& text = child(tree, key, origin).scalar;
  std::int64_t value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  require(value >= 0, "'{}' is not a readable weight file (its '{}' is '{}')", origin, key, text);
  return value;
}

/// Takes the stream's words from the front of `payload`.
CodedStream read_stream(const Tree& tree, std::span<const std::uint8_t>& payload,
                        const std::string& origin) {
  const std::int64_t bits = number(tree, "bits", origin), count = number(tree, "count", origin);
  require(bits >= 1 && bits <= 32 && count <= static_cast<std::int64_t>(payload.size()) * 8,
          "'{}' is not a readable weight file (a stream of {} words of {} bits)", origin, count,
          bits);
  const std::size_t size = bytes_for(static_cast<std::size_t>(count), static_cast<int>(bits));
  require(size <= payload.size(), "'{}' is not a readable weight file (it ends within a stream)",
          origin);
  CodedStream stream{.name = child(tree, "name", origin).scalar,
                     .bits = static_cast<int>(bits),
                     .in_ratio = child(tree, "in_ratio", origin).scalar == "true",
                     .exposed = child(tree, "exposed", origin).scalar == "true"};
  stream.words = unpack_words(payload.first(size), stream.bits, static_cast<std::size_t>(count));
  payload = payload.subspan(size);
  return stream;
}

}  // namespace

std::vector<std::uint8_t> pack_words(std::span<const std::uint32_t> words, int bits) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(bytes_for(words.size(), bits));
  std::uint64_t window = 0;
  int filled = 0;
  for (const std::uint32_t word : words) {
    window |= static_cast<std::uint64_t>(word) << filled;
    for (filled += bits; filled >= 8; filled -= 8, window >>= 8)
      bytes.push_back(static_cast<std::uint8_t>(window));
  }
  if (filled > 0) bytes.push_back(static_cast<std::uint8_t>(window));
  return bytes;
}

std::vector<std::uint32_t> unpack_words(std::span<const std::uint8_t> bytes, int bits,
                                        std::size_t count) {
  std::vector<std::uint32_t> words;
  words.reserve(count);
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  std::uint64_t window = 0;
  int filled = 0;
  std::size_t at = 0;
  while (words.size() < count) {
    for (; filled < bits; filled += 8) window |= static_cast<std::uint64_t>(bytes[at++]) << filled;
    words.push_back(static_cast<std::uint32_t>(window & mask));
    window >>= bits;
    filled -= bits;
  }
  return words;
}

PackedSize size_of(const PackedFile& file) {
  PackedSize size{.header_bits =
                      static_cast<std::int64_t>(8 * (preamble + description(file).size()))};
  for (const PackedSection& section : file.sections)
    for (const CodedStream& stream : section.streams) {
      const auto bits = static_cast<std::int64_t>(stream.words.size()) * stream.bits;
      (stream.in_ratio ? size.ratio_bits : size.extra_bits) += bits;
      size.padding_bits +=
          static_cast<std::int64_t>(8 * bytes_for(stream.words.size(), stream.bits)) - bits;
    }
  return size;
}

std::vector<std::uint8_t> pack(const PackedFile& file) {
  const std::string text = description(file);
  std::vector<std::uint8_t> body(text.begin(), text.end());
  for (const PackedSection& section : file.sections)
    for (const CodedStream& stream : section.streams) {
      const auto words = pack_words(stream.words, stream.bits);
      body.insert(body.end(), words.begin(), words.end());
    }
  std::vector<std::uint8_t> bytes(magic.begin(), magic.end());
  put(bytes, version);
  put(bytes, static_cast<std::uint32_t>(text.size()));
  put(bytes, checksum(body));
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

PackedFile unpack(std::span<const std::uint8_t> bytes, const std::string& origin) {
  require(bytes.size() >= preamble && std::equal(magic.begin(), magic.end(), bytes.begin()),
          "'{}' is not a packed weight file (it does not begin with {})", origin, magic);
  require(get(bytes, 8) <= version,
          "'{}' is a packed weight file of version {} (this program reads up to {})", origin,
          get(bytes, 8), version);
  const std::size_t length = get(bytes, 12);
  const auto body = bytes.subspan(preamble);
  require(length <= body.size() && checksum(body) == get(bytes, 16),
          "'{}' is damaged or cut short (its checksum does not match)", origin);
  const Tree tree = parse_yaml(
      std::string(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(length)), origin);
  PackedFile file;
  for (const auto& [key, value] : child(tree, "about", origin).pairs)
    file.about[key] = value.scalar;
  std::span<const std::uint8_t> payload = body.subspan(length);
  for (const Tree& section : child(tree, "sections", origin).items) {
    PackedSection& read = file.sections.emplace_back();
    read.layer = child(section, "layer", origin).scalar;
    for (const Tree& stream : child(section, "streams", origin).items)
      read.streams.push_back(read_stream(stream, payload, origin));
  }
  require(payload.empty(), "'{}' is not a readable weight file ({} bytes follow its last stream)",
          origin, payload.size());
  return file;
}

void write_packed(const std::string& path, const PackedFile& file) {
  const std::vector<std::uint8_t> bytes = pack(file);
  write_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

PackedFile read_packed(const std::string& path) {
  const std::string bytes = read_file(path, "packed weight file");
  return unpack({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, path);
}

}  // namespace lightloom::nn

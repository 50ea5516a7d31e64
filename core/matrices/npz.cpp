#include "core/matrices/npz.hpp"

#include <optional>
#include <string_view>

#include "core/archives/zip.hpp"
#include "core/error.hpp"
#include "core/matrices/matrix_name.hpp"

namespace lightloom {
namespace {

constexpr std::uint64_t most_npz_bytes = std::uint64_t{1} << 31;

std::string array_name(const ZipMember& member) {
  constexpr std::string_view ending = ".npy";
  return member.name.ends_with(ending) ? member.name.substr(0, member.name.size() - ending.size())
                                       : member.name;
}

/// The header of an array of numbers, whose member was read to its end; texts, dates, records,
/// Python objects and files that are no arrays are passed over.
std::optional<ArrayHeader> whole_array(const std::string& path, const ZipMember& member) {
  const auto stream = open_member(path, member);
  auto header = find_array_header(*stream, member.name);
  const std::uint64_t there = drain(*stream);
  require(!header || header->size(member.name) == there,
          "'{}' has {} bytes of data where its shape needs {} (cut off?)", member.name, there,
          header ? header->size(member.name) : 0);
  return header;
}

}  // namespace

std::vector<std::string> npz_matrices(const std::string& path) {
  std::vector<std::string> names;
  for (const ZipMember& member : zip_members(path)) {
    const std::optional<ArrayHeader> header = whole_array(path, member);
    if (header && header->shape.size() == 2) names.push_back(array_name(member));
  }
  return names;
}

NpyArray read_npz(const std::string& path, const std::string& name) {
  std::vector<std::string> names;
  for (const ZipMember& member : zip_members(path)) names.push_back(array_name(member));
  choose_parts({path, name}, names);  // says what there is
  ArrayFile file = open_archived_array(path, name, NumberKinds::all);
  require(file.header.size(file.path) <= most_npz_bytes, "'{}' of {} bytes is too large", file.path,
          file.header.size(file.path));
  return read_npy(std::move(file));
}

}  // namespace lightloom

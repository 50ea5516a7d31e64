#include "nn/weights/sharing/share_groups.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

void describe_by(Section& section, ShareBy& by) {
  section.choice("by", by, {{"shape", ShareBy::shape}, {"name", ShareBy::name}});
}

std::string name_without_numbers(const std::string& name) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string without;
  for (std::size_t first = 0; first <= name.size();) {
    const std::size_t end = std::min(name.find('.', first), name.size());
    const std::string word = name.substr(first, end - first);
    const bool number = !word.empty() && std::ranges::all_of(word, digit);
    without += (first > 0 ? "." : "") + (number ? std::string("#") : word);
    first = end + 1;
  }
  return without;
}

std::string group_key(ShareBy by, const LayerShape& shape) {
  std::string key =
      fmt::format("{} {} {}x{}x{}/{}", is_linear(shape), shape.out_channels, shape.in_channels,
                  shape.kernel_height, shape.kernel_width, shape.groups);
  if (by == ShareBy::name) key += " " + name_without_numbers(shape.name);
  return key;
}

}  // namespace lightloom::nn

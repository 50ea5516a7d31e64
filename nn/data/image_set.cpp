#include "nn/data/image_set.hpp"

namespace lightloom::nn {
namespace {

template <class Vector>
void append_row(const Vector& from, std::size_t row, std::size_t size, Vector& to) {
  const auto first = from.begin() + static_cast<std::ptrdiff_t>(row * size);
  to.insert(to.end(), first, first + static_cast<std::ptrdiff_t>(size));
}

}  // namespace

std::span<const std::uint8_t> bytes_of(const ImageSet& set, std::size_t image) {
  const auto size = static_cast<std::size_t>(set.image.size());
  if (set.values.empty()) return {set.pixels.data() + image * size, size};
  return {reinterpret_cast<const std::uint8_t*>(set.values.data() + image * size),
          size * sizeof(float)};
}

ImageSet chosen_images(const ImageSet& set, std::span<const std::uint32_t> order) {
  ImageSet chosen{.image = set.image,
                  .pixels = {},
                  .labels = {},
                  .normalise = set.normalise,
                  .outputs = set.outputs,
                  .reconstructs = set.reconstructs};
  const auto size = static_cast<std::size_t>(set.image.size());
  const auto outputs = static_cast<std::size_t>(set.reconstructs ? 0 : set.outputs);
  chosen.labels.reserve(order.size());
  if (!set.pixels.empty()) chosen.pixels.reserve(order.size() * size);
  if (!set.values.empty()) chosen.values.reserve(order.size() * size);
  for (const std::uint32_t i : order) {
    chosen.labels.push_back(set.labels[i]);
    if (!set.pixels.empty()) append_row(set.pixels, i, size, chosen.pixels);
    if (!set.values.empty()) append_row(set.values, i, size, chosen.values);
    append_row(set.targets, i, outputs, chosen.targets);
  }
  return chosen;
}

void keep_first(ImageSet& set, std::size_t count) {
  if (count >= set.size()) return;
  const auto size = static_cast<std::size_t>(set.image.size());
  set.labels.resize(count);
  if (!set.pixels.empty()) set.pixels.resize(count * size);
  if (!set.values.empty()) set.values.resize(count * size);
  if (!set.targets.empty()) set.targets.resize(count * static_cast<std::size_t>(set.outputs));
}

}  // namespace lightloom::nn

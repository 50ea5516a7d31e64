#include "nn/onnx/translation/numbers.hpp"

#include <algorithm>
#include <optional>

namespace lightloom::nn::onnx {
namespace {

[[noreturn]] void refuse(const Translation& t, const char* why) {
  throw Unsupported(t.in_hand != nullptr ? *t.in_hand : Operation{}, why);
}

/// The places of the first image if every image has the same ones and holds only its own elements.
std::optional<std::vector<int>> places_in(const Numbers& numbers, std::int64_t images,
                                          std::int64_t each) {
  const std::size_t size = numbers.size() / static_cast<std::size_t>(images);
  std::vector<int> places(size);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto image = static_cast<std::int64_t>(i / size);
    const int place = numbers[i] == 0 ? -1 : static_cast<int>(numbers[i] - 1 - image * each);
    if (image == 0) places[i] = place;
    if (place != places[i % size] || place >= each || place < -1) return std::nullopt;
  }
  return places;
}

}  // namespace

Numbers numbers_of(const Translation& t, const Changing& x) {
  if (x.scattered != nullptr) return *x.scattered;
  const std::int64_t each = t.builder.shape(x.node).size();
  const std::vector<int> places = t.places(x);
  Numbers numbers;
  numbers.reserve(places.size() * static_cast<std::size_t>(t.images()));
  for (std::int64_t image = 0; image < t.images(); ++image)
    for (const int place : places) numbers.push_back(place < 0 ? 0 : 1 + image * each + place);
  return numbers;
}

Changing arranged(const Translation& t, Changing x, std::vector<std::int64_t> dims,
                  Numbers numbers) {
  const MapShape& stored = t.builder.shape(x.node);
  if (dims.empty() || numbers.empty()) refuse(t, "a value without axes or elements");
  x.dims = std::move(dims);
  x.order = nullptr;
  x.scattered = nullptr;
  if (x.dims[0] % t.images() == 0)
    if (auto places = places_in(numbers, t.images(), stored.size()))
      return seen(std::move(x), std::move(*places), stored, t.images());
  x.scattered = std::make_shared<const Numbers>(std::move(numbers));
  return x;
}

Grouped grouped(const Translation& t, const Changing& x, std::int64_t size) {
  const std::int64_t each = t.builder.shape(x.node).size(), images = t.images();
  const Numbers numbers = numbers_of(t, x);
  const auto rows = static_cast<std::int64_t>(numbers.size()) / size, of_image = rows / images;
  std::vector<std::int64_t> count(static_cast<std::size_t>(images), 0);
  std::vector<int> places(static_cast<std::size_t>(of_image * size), -2);
  Grouped out{.value = x, .rows = {}};
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t first = numbers[static_cast<std::size_t>(r * size)];
    const std::int64_t image = (first - 1) / each;
    if (first == 0 || count[static_cast<std::size_t>(image)] == of_image)
      refuse(t, "images of different numbers of rows");
    const std::int64_t row = count[static_cast<std::size_t>(image)]++;
    for (std::int64_t k = 0; k < size; ++k) {
      const std::int64_t place = numbers[static_cast<std::size_t>(r * size + k)] - 1 - image * each;
      int& own = places[static_cast<std::size_t>(row * size + k)];
      if (place < 0 || place >= each || (own != -2 && own != place))
        refuse(t, "rows with elements of several images");
      own = static_cast<int>(place);
    }
    out.rows.emplace_back(image, row);
  }
  out.value.dims = {images, of_image, size};
  out.value.scattered = nullptr;
  out.value = seen(out.value, std::move(places), t.builder.shape(x.node), images);
  return out;
}

Changing ungrouped(const Translation& t, const Grouped& from, const Changing& made,
                   std::vector<std::int64_t> dims) {
  const std::int64_t each = t.builder.shape(made.node).size(), size = made.dims.back();
  const std::vector<int> places = t.places(made);
  Numbers numbers;
  for (const auto& [image, row] : from.rows)
    for (std::int64_t k = 0; k < size; ++k)
      numbers.push_back(1 + image * each + places[static_cast<std::size_t>(row * size + k)]);
  return arranged(t, made, std::move(dims), std::move(numbers));
}

}  // namespace lightloom::nn::onnx

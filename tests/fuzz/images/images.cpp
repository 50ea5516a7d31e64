#include "tests/fuzz/images/images.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "nn/data/readers.hpp"

namespace lightloom::fuzz {

nn::DatasetShape small_images(int channels) {
  return {.name = "made-up", .image = {2, 3, channels}, .classes = 3};
}

Pair pair_of(Input input) {
  if (input.size() < 2) return {};
  const Input rest = input.subspan(2);
  const std::size_t length =
      std::min<std::size_t>(input[0] + std::size_t{256} * input[1], rest.size());
  return {rest.first(length), rest.subspan(length)};
}

Bytes joined(const Bytes& first, const Bytes& second) {
  Bytes all{static_cast<std::uint8_t>(first.size() & 255),
            static_cast<std::uint8_t>(first.size() >> 8)};
  all.insert(all.end(), first.begin(), first.end());
  all.insert(all.end(), second.begin(), second.end());
  return all;
}

void read_images(std::string_view format, const std::vector<std::string>& paths,
                 const nn::DatasetShape& shape) {
  const auto reader = std::ranges::find(nn::readers(), format, &nn::Reader::format);
  demand(reader != nn::readers().end(), "there is no such format");
  try {
    if (reader->look != nullptr) (void)reader->look(paths, {.name = shape.name, .classes = 0});
  } catch (const Error&) {  // who reads knows the shape
  }
  const nn::ImageSet set = reader->read(paths, shape);
  const std::size_t samples = set.size() * static_cast<std::size_t>(set.image.size());
  demand(set.pixels.size() + set.values.size() == samples &&
             (set.pixels.empty() || set.values.empty()),
         "as many samples, bytes or floats, as images and labels");
  demand(set.targets.size() == set.size() * static_cast<std::size_t>(set.outputs),
         "as many answers in numbers as images");
  demand(std::ranges::all_of(set.labels, [&](int label) { return label < shape.classes; }),
         "labels within the classes");
}

}  // namespace lightloom::fuzz

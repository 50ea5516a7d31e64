#include "nn/graph/dataset_shape.hpp"

#include "core/cards/card.hpp"
#include "core/cards/words.hpp"
#include "core/error.hpp"

namespace lightloom::nn {

const std::vector<DatasetShape>& known_datasets() {
  static const std::vector<DatasetShape> all{
      {"glyphs", {28, 28, 1}, 10},        {"mnist", {28, 28, 1}, 10},
      {"fashion-mnist", {28, 28, 1}, 10}, {"cifar10", {32, 32, 3}, 10},
      {"cifar100", {32, 32, 3}, 100},     {"svhn", {32, 32, 3}, 10},
      {"tinyimagenet", {64, 64, 3}, 200}, {"dogs", {224, 224, 3}, 120},
      {"cars", {224, 224, 3}, 196},       {"imagenet", {224, 224, 3}, 1000},
  };
  return all;
}

const DatasetShape* find_dataset(std::string_view name) {
  for (const DatasetShape& known : known_datasets())
    if (known.name == name) return &known;
  return nullptr;
}

const DatasetShape& dataset_shape(std::string_view name) {
  if (const DatasetShape* known = find_dataset(name)) return *known;
  std::vector<std::string> names;
  for (const DatasetShape& known : known_datasets()) names.push_back(known.name);
  const std::string nearest = nearest_word(name, names);
  throw Error(fmt::format(
      "unknown data set '{}' ({}; one of your own needs files in dataset.train, or dataset.height, "
      "width, channels and classes)",
      name,
      nearest.empty() ? fmt::format("known: {}", fmt::join(names, ", "))
                      : fmt::format("did you mean '{}'?", nearest)));
}

}  // namespace lightloom::nn

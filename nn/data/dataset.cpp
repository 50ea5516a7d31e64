#include "nn/data/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "core/random.hpp"
#include "nn/data/readers.hpp"

namespace lightloom::nn {
namespace {

constexpr std::size_t glyphs_train = 12000, glyphs_test = 2000;

std::string root_of(const DatasetCard& card) {
  return card.root.empty() ? "data/" + card.name : card.root;
}

/// `root/name`, or the same without ".gz"; throws an `Error` that says how to get the data.
std::string find_file(const DatasetCard& card, const std::string& name) {
  const std::string root = root_of(card);
  for (const std::string& candidate : {name, name.substr(0, name.rfind(".gz"))}) {
    const std::string path = (std::filesystem::path(root) / candidate).string();
    if (std::filesystem::exists(path)) return path;
  }
  throw Error(fmt::format(
      "data set '{}' has no file '{}' in '{}' (run `data/get-datasets {}` or set dataset.root)",
      card.name, name, root, card.name));
}

void load_idx(const DatasetCard& card, Dataset& data) {
  const auto part = [&](const std::string& prefix) {
    return read_idx(find_file(card, prefix + "-images-idx3-ubyte.gz"),
                    find_file(card, prefix + "-labels-idx1-ubyte.gz"), data.shape);
  };
  data.train = part("train");
  data.test = part("t10k");
}

/// The files a card lists: as they are, else below the root.
std::vector<std::string> listed_files(const DatasetCard& card,
                                      const std::vector<std::string>& listed) {
  std::vector<std::string> paths;
  for (const std::string& name : listed) {
    const auto below = std::filesystem::path(root_of(card)) / name;
    paths.push_back(std::filesystem::exists(name) ? name : below.string());
  }
  return paths;
}

bool lists_arrays(const std::vector<std::string>& listed) {
  return std::any_of(listed.begin(), listed.end(),
                     [](const std::string& name) { return name.ends_with(".npy"); });
}

/// The files a card lists, else the official ones.
std::vector<std::string> cifar_files(const DatasetCard& card,
                                     const std::vector<std::string>& listed,
                                     const std::vector<std::string>& official) {
  std::vector<std::string> paths = listed_files(card, listed);
  if (!paths.empty()) return paths;
  for (const std::string& name : official) paths.push_back(find_file(card, name));
  return paths;
}

void load_cifar(const DatasetCard& card, Dataset& data) {
  const bool ten = card.name == "cifar10";
  const std::vector<std::string> train =
      ten ? std::vector<std::string>{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                     "data_batch_4.bin", "data_batch_5.bin"}
          : std::vector<std::string>{"train.bin"};
  const int label_bytes = ten ? 1 : 2;
  data.train = read_cifar(cifar_files(card, card.train, train), data.shape, label_bytes);
  data.test = read_cifar(cifar_files(card, card.test, {ten ? "test_batch.bin" : "test.bin"}),
                         data.shape, label_bytes);
  if (!card.validate.empty())
    data.validation = read_cifar(listed_files(card, card.validate), data.shape, label_bytes);
}

void limit(ImageSet& set, int images) {
  if (images <= 0 || static_cast<std::size_t>(images) >= set.size()) return;
  const auto count = static_cast<std::size_t>(images);
  set.labels.resize(count);
  set.pixels.resize(count * static_cast<std::size_t>(set.image.size()));
}

ImageSet chosen(const ImageSet& from, std::span<const std::uint32_t> order) {
  ImageSet set{.image = from.image, .normalise = from.normalise};
  const auto size = static_cast<std::size_t>(from.image.size());
  for (const std::uint32_t i : order) {
    set.labels.push_back(from.labels[i]);
    const auto first = from.pixels.begin() + static_cast<std::ptrdiff_t>(i * size);
    set.pixels.insert(set.pixels.end(), first, first + static_cast<std::ptrdiff_t>(size));
  }
  return set;
}

void set_normalise(const Normalise& normalise, Dataset& data) {
  const auto channels = static_cast<std::size_t>(data.shape.image.channels);
  for (const std::vector<double>* numbers : {&normalise.mean, &normalise.std}) {
    require(numbers->empty() || numbers->size() == channels,
            "dataset.normalise has {} numbers (the images have {} channels)", numbers->size(),
            channels);
  }
  data.train.normalise = normalise;
  data.validation.normalise = normalise;
  data.test.normalise = normalise;
}

void split_validation(double share, std::uint64_t seed, Dataset& data) {
  std::vector<std::uint32_t> order(data.train.size());
  fill_permutation(Stream({seed, Purpose::split}), 0, order);
  const auto count =
      static_cast<std::size_t>(std::lround(share * static_cast<double>(order.size())));
  const std::span<std::uint32_t> all(order);
  const std::span<std::uint32_t> validation = all.first(count), train = all.subspan(count);
  require(!train.empty(), "dataset.validation leaves no image to train with");
  std::sort(validation.begin(), validation.end());
  std::sort(train.begin(), train.end());
  data.validation = chosen(data.train, validation);
  data.train = chosen(data.train, train);
}

}  // namespace

void describe(Section& section, Normalise& normalise) {
  section.value("mean", normalise.mean);
  section.value("std", normalise.std, positive);
}

void describe(Section& section, DatasetCard& card) {
  section.value("name", card.name);
  section.value("root", card.root);
  section.value("train", card.train);
  section.value("test", card.test);
  section.value("validate", card.validate);
  section.value("train_limit", card.train_limit, not_negative);
  section.value("test_limit", card.test_limit, not_negative);
  section.value("validation", card.validation, fraction);
  section.card("normalise", card.normalise);
  try {
    (void)dataset_shape(card.name);
  } catch (const Error& unknown) {
    section.problem("name", unknown.what());
  }
}

Dataset load_dataset(const DatasetCard& card, std::uint64_t seed) {
  Dataset data{.shape = dataset_shape(card.name)};
  if (card.name == "glyphs") {
    // Never more than asked for: generating is the slow part.
    const auto count = [](int wanted, std::size_t all) {
      return wanted > 0 ? std::min(all, static_cast<std::size_t>(wanted)) : all;
    };
    data.train = make_glyphs(count(card.train_limit, glyphs_train), seed, 0);
    data.test = make_glyphs(count(card.test_limit, glyphs_test), seed, 1);
  } else if (lists_arrays(card.train) || lists_arrays(card.test)) {
    data.train = read_npy_pairs(listed_files(card, card.train), data.shape);
    data.test = read_npy_pairs(listed_files(card, card.test), data.shape);
    if (!card.validate.empty())
      data.validation = read_npy_pairs(listed_files(card, card.validate), data.shape);
    require(data.train.size() > 0, "dataset.train lists no images");
  } else if (card.name == "mnist" || card.name == "fashion-mnist") {
    load_idx(card, data);
  } else if (card.name == "cifar10" || card.name == "cifar100") {
    load_cifar(card, data);
  } else {
    throw Error(
        fmt::format("data set '{}' has no reader of its own (list NumPy files in dataset.train and "
                    "dataset.test; "
                    "its shape alone serves `ratio` and `cost`)",
                    card.name));
  }
  limit(data.train, card.train_limit);
  limit(data.test, card.test_limit);
  set_normalise(card.normalise, data);
  if (card.validate.empty()) {
    split_validation(card.validation, seed, data);
  } else {
    require(data.validation.size() > 0,
            "dataset.validate: data set '{}' takes no files to choose by (cifar10, cifar100 and "
            "NumPy arrays do; elsewhere set dataset.validation)",
            card.name);
  }
  return data;
}

}  // namespace lightloom::nn

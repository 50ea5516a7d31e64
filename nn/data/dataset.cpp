#include "nn/data/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/data/glyphs.hpp"
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
    std::string path = (std::filesystem::path(root) / candidate).string();
    if (std::filesystem::exists(path)) return path;
  }
  throw Error(fmt::format(
      "data set '{}' has no file '{}' in '{}' (run `data/get-datasets {}` or set dataset.root)",
      card.name, name, root, card.name));
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

/// Who reads a list of files that any data set may come in; nullptr: they are of its own kind.
const Reader* general_reader(const std::vector<std::string>& paths) {
  if (paths.empty()) return nullptr;
  for (const Reader& reader : readers())
    if (reader.takes != nullptr && reader.takes(paths.front())) return &reader;
  return nullptr;
}

/// The reader of the files that a data set's authors publish, and those files.
struct OwnReader {
  const Reader* reader = nullptr;
  const PublishedFiles* files = nullptr;
};

OwnReader own_reader(const std::string& dataset) {
  for (const Reader& reader : readers())
    for (const PublishedFiles& files : reader.published)
      if (files.dataset == dataset) return {&reader, &files};
  return {};
}

/// "NumPy files, HDF5 files or folders of images".
std::string general_formats() {
  std::vector<std::string_view> names;
  for (const Reader& reader : readers())
    if (reader.takes != nullptr) names.push_back(reader.format);
  const std::string_view last = names.back();
  names.pop_back();
  return fmt::format("{} or {}", fmt::join(names, ", "), last);
}

/// The parts of a data set that is read from files.
class Files {
 public:
  explicit Files(const DatasetCard& card) : card_(card), shape_(dataset_shape(card.name)) {
    for (const auto* listed : {&card.train, &card.test})
      general_ = general_ || general_reader(listed_files(card, *listed)) != nullptr;
  }

  /// The listed files, else the `published` ones; nothing where other parts are arrays or folders.
  [[nodiscard]] ImageSet read(const std::vector<std::string>& listed,
                              std::vector<std::string> PublishedFiles::*published) const {
    std::vector<std::string> paths = listed_files(card_, listed);
    if (const Reader* reader = general_reader(paths)) return reader->read(paths, shape_);
    if (paths.empty() && (general_ || published == nullptr)) return {.image = shape_.image};
    const auto [own, files] = own_reader(card_.name);
    require(
        own != nullptr,
        "data set '{}' has no reader of its own (list {} in dataset.train and dataset.test; its "
        "shape alone serves `ratio` and `cost`)",
        card_.name, general_formats());
    if (paths.empty())
      for (const std::string& name : files->*published) paths.push_back(find_file(card_, name));
    return own->read(paths, shape_);
  }

 private:
  const DatasetCard& card_;
  const DatasetShape& shape_;
  bool general_ = false;
};

void load_files(const DatasetCard& card, Dataset& data) {
  const Files files(card);
  data.train = files.read(card.train, &PublishedFiles::train);
  data.test = files.read(card.test, &PublishedFiles::test);
  data.validation = files.read(card.validate, nullptr);
  require(data.train.size() > 0, "dataset.train lists no images");
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
  } else {
    load_files(card, data);
  }
  limit(data.train, card.train_limit);
  limit(data.test, card.test_limit);
  set_normalise(card.normalise, data);
  if (card.validate.empty()) {
    split_validation(card.validation, seed, data);
  } else {
    require(data.validation.size() > 0,
            "dataset.validate: data set '{}' takes no files to choose by (set dataset.validation)",
            card.name);
  }
  return data;
}

}  // namespace lightloom::nn

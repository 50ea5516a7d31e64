#include "nn/data/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "core/random/random.hpp"
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

using Reader = ImageSet (*)(const std::vector<std::string>&, const DatasetShape&);

ImageSet read_cifar10(const std::vector<std::string>& paths, const DatasetShape& shape) {
  return read_cifar(paths, shape, 1);
}
ImageSet read_cifar100(const std::vector<std::string>& paths, const DatasetShape& shape) {
  return read_cifar(paths, shape, 2);
}

/// A data set's own files, as its authors publish them.
struct OwnFiles {
  const char* name;
  Reader read;
  std::vector<std::string> train, test;
};

const OwnFiles* own_files(const std::string& name) {
  const std::vector<std::string> idx_train{"train-images-idx3-ubyte.gz",
                                           "train-labels-idx1-ubyte.gz"},
      idx_test{"t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"};
  static const std::vector<OwnFiles> all{
      {"mnist", read_idx_pairs, idx_train, idx_test},
      {"fashion-mnist", read_idx_pairs, idx_train, idx_test},
      {"cifar10",
       read_cifar10,
       {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
        "data_batch_5.bin"},
       {"test_batch.bin"}},
      {"cifar100", read_cifar100, {"train.bin"}, {"test.bin"}},
      {"svhn", read_svhn, {"train_32x32.mat"}, {"test_32x32.mat"}},
  };
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const OwnFiles& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

/// Who reads a list of files that any data set may come in; nullptr: they are of its own kind.
Reader general_reader(const std::vector<std::string>& paths) {
  if (paths.empty()) return nullptr;
  const std::string& first = paths.front();
  if (first.ends_with(".npy")) return read_npy_pairs;
  if (first.ends_with(".h5") || first.ends_with(".hdf5")) return read_hdf5;
  if (first.ends_with(".mat")) return read_svhn;
  return std::filesystem::is_directory(first) ? read_folders : nullptr;
}

/// The parts of a data set that is read from files.
class Files {
 public:
  explicit Files(const DatasetCard& card) : card_(card), shape_(dataset_shape(card.name)) {
    for (const auto* listed : {&card.train, &card.test})
      general_ = general_ || general_reader(listed_files(card, *listed)) != nullptr;
  }

  /// The listed files, else those of `official`; nothing where other parts are arrays or folders.
  [[nodiscard]] ImageSet read(const std::vector<std::string>& listed,
                              std::vector<std::string> OwnFiles::*official) const {
    std::vector<std::string> paths = listed_files(card_, listed);
    if (const Reader reader = general_reader(paths)) return reader(paths, shape_);
    if (paths.empty() && (general_ || official == nullptr)) return {.image = shape_.image};
    const OwnFiles* own = own_files(card_.name);
    require(own != nullptr,
            "data set '{}' has no reader of its own (list NumPy files, HDF5 files or folders of "
            "images in dataset.train and dataset.test; its shape alone serves `ratio` and `cost`)",
            card_.name);
    if (paths.empty())
      for (const std::string& name : own->*official) paths.push_back(find_file(card_, name));
    return own->read(paths, shape_);
  }

 private:
  const DatasetCard& card_;
  const DatasetShape& shape_;
  bool general_ = false;
};

void load_files(const DatasetCard& card, Dataset& data) {
  const Files files(card);
  data.train = files.read(card.train, &OwnFiles::train);
  data.test = files.read(card.test, &OwnFiles::test);
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

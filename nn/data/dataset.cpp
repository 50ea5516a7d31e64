#include "nn/data/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "core/files/file_kind.hpp"
#include "core/random/random.hpp"
#include "nn/data/array_set.hpp"
#include "nn/data/glyphs.hpp"
#include "nn/data/readers.hpp"

namespace lightloom::nn {
namespace {

constexpr std::size_t glyphs_train = 12000, glyphs_test = 2000;

std::string root_of(const DatasetCard& card) {
  return card.root.empty() ? "data/" + card.name : card.root;
}

/// `root/name`, the same without ".gz" or ".bin", or one of those in a folder that archives unpack
/// to; throws an `Error` that says how to get the data.
std::string find_file(const DatasetCard& card, const std::string& name,
                      const std::vector<std::string>& folders) {
  const std::string root = root_of(card);
  std::vector<std::string> places{""};
  places.insert(places.end(), folders.begin(), folders.end());
  for (const std::string& place : places) {
    for (const char* ending : {"", ".gz", ".bin"}) {
      if (!name.ends_with(ending)) continue;
      const std::string short_name = name.substr(0, name.size() - std::string(ending).size());
      const auto path = std::filesystem::path(root) / place / short_name;
      if (std::filesystem::is_regular_file(path)) return path.string();
    }
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

/// The parts of a data set that is read from files.
class Files {
 public:
  Files(const DatasetCard& card, const DatasetShape& shape) : card_(card), shape_(shape) {
    for (const auto* listed : {&card.train, &card.test}) {
      const Reader* reader = general_reader(listed_files(card, *listed));
      general_ = general_ || (reader != nullptr && reader != own_reader(card.name).reader);
    }
  }

  /// The listed files, else the `published` ones; nothing where other parts are arrays or folders.
  [[nodiscard]] ImageSet read(Part part, const std::vector<std::string>& listed,
                              std::vector<std::string> PublishedFiles::*published) const {
    DatasetShape expected = shape_;
    expected.reading.part = part;
    std::vector<std::string> paths = listed_files(card_, listed);
    if (const Reader* reader = general_reader(paths)) return reader->read(paths, expected);
    if (paths.empty() && (general_ || published == nullptr))
      return {.image = shape_.image, .pixels = {}, .labels = {}};
    const auto [own, files] = own_reader(card_.name);
    require(own != nullptr, "{}", no_reader(paths));
    if (paths.empty())
      for (const std::string& name : files->*published)
        paths.push_back(find_file(card_, name, files->folders));
    return own->read(paths, expected);
  }

 private:
  [[nodiscard]] std::string no_reader(const std::vector<std::string>& paths) const {
    if (paths.empty())
      return fmt::format(
          "data set '{}' has no reader of its own (list {} in dataset.train and dataset.test; its "
          "shape alone serves `ratio` and `cost`)",
          card_.name, general_formats());
    const std::string kind = kind_of_file(paths.front());
    return fmt::format("'{}' is not read as a data set{} (by their endings: {})", paths.front(),
                       kind.empty() ? "" : fmt::format(": it looks like {}", kind),
                       general_formats());
  }

  const DatasetCard& card_;
  const DatasetShape& shape_;
  bool general_ = false;
};

/// What may be read as bytes or as floats must be read alike in all parts.
void require_same_samples(const Dataset& data) {
  const ImageSet* first = &data.train;
  for (const ImageSet* part : {&data.test, &data.validation}) {
    if (part->size() == 0 || first->size() == 0) continue;
    require(part->values.empty() == first->values.empty(),
            "dataset.{} holds {} and dataset.train {} (save both as one type, or say "
            "dataset.full_scale)",
            part == &data.test ? "test" : "validate",
            part->values.empty() ? "pixels of 0 to 255" : "floats",
            first->values.empty() ? "pixels of 0 to 255" : "floats");
  }
}

/// Cores with intensity inputs take signed ones in two passes: `cost` must know.
void require_said_signs(const DatasetCard& card, const Dataset& data) {
  if (card.normalise.signed_inputs || !card.normalise.mean.empty()) return;
  for (const ImageSet* part : {&data.train, &data.test, &data.validation})
    require(std::none_of(part->values.begin(), part->values.end(), [](float v) { return v < 0; }),
            "data set '{}' holds negative inputs (say dataset.signed: true, so that cores with "
            "intensity inputs count both passes, or shift them)",
            card.name);
}

void load_files(const DatasetCard& card, Dataset& data) {
  const Files files(card, data.shape);
  data.train = files.read(Part::train, card.train, &PublishedFiles::train);
  data.test = files.read(Part::test, card.test, &PublishedFiles::test);
  data.validation = files.read(Part::validate, card.validate, nullptr);
  require(data.train.size() > 0, "dataset.train lists no images");
  require_same_samples(data);
  require_said_signs(card, data);
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
  data.validation = chosen_images(data.train, validation);
  if (!validation.empty()) data.train = chosen_images(data.train, train);
}

}  // namespace

namespace {

void describe_own(Section& section, DatasetCard& card) {
  constexpr Range side{.low = 0, .high = 1 << 20};
  section.choice("task", card.task,
                 {{"classes", Task::classes},
                  {"regression", Task::regression},
                  {"autoencoder", Task::autoencoder}});
  section.value("height", card.height, side);
  section.value("width", card.width, side);
  section.value("channels", card.channels, side);
  section.value("classes", card.classes, {.low = 0, .high = 65535});
  int outputs = 0;
  section.value("outputs", outputs, side);
  if (outputs > 0 && card.classes > 0)
    section.problem("outputs", "and classes both say how many numbers answer (give one of them)");
  if (outputs > 0) card.classes = outputs;
  section.choice("layout", card.reading.layout,
                 {{"automatic", SampleOrder::automatic},
                  {"channels_last", SampleOrder::channels_last},
                  {"channels_first", SampleOrder::channels_first}});
  section.value("full_scale", card.reading.full_scale, not_negative);
  section.value("resize", card.reading.resize, {.low = 0, .high = 1 << 14});
  section.value("signed", card.normalise.signed_inputs);
  const bool own =
      !card.train.empty() || !card.test.empty() || (card.height > 0 && card.classes > 0);
  if (find_dataset(card.name) != nullptr || own) return;
  try {
    (void)dataset_shape(card.name);
  } catch (const Error& unknown) {
    section.problem("name", unknown.what());
  }
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
  describe_own(section, card);
}

DatasetShape shape_of(const DatasetCard& card) {
  DatasetShape shape{.name = card.name,
                     .image = {card.height, card.width, card.channels},
                     .classes = card.classes,
                     .task = card.task,
                     .reading = card.reading};
  if (const DatasetShape* known = find_dataset(card.name)) {
    const bool own_answers = card.task != Task::classes;
    for (int MapShape::*side : {&MapShape::height, &MapShape::width, &MapShape::channels})
      if (shape.image.*side == 0) shape.image.*side = known->image.*side;
    if (shape.classes == 0 && !own_answers) shape.classes = known->classes;
  }
  // What a card gives of a shape leaves out what is 1: rows of numbers, grey images.
  if (card.height > 0 && card.classes > 0 && card.train.empty())
    for (int MapShape::*side : {&MapShape::width, &MapShape::channels})
      if (shape.image.*side == 0) shape.image.*side = 1;
  const auto complete = [&] {
    return shape.image.size() > 0 && (shape.classes > 0 || shape.task == Task::autoencoder);
  };
  const std::vector<std::string> paths =
      listed_files(card, card.train.empty() ? card.test : card.train);
  const Reader* reader = general_reader(paths);
  if (!complete() && reader != nullptr && reader->look != nullptr)
    shape = reader->look(paths, shape);
  if (shape.task == Task::autoencoder) shape.classes = static_cast<int>(shape.image.size());
  require(complete() && shape.classes > 0 && shape.classes <= (1 << 24),
          "data set '{}': nothing says the size of its images or what answers for them (list {} in "
          "dataset.train, or set dataset.height, width, channels and classes)",
          card.name, general_formats());
  return shape;
}

Dataset load_dataset(const DatasetCard& card, std::uint64_t seed) {
  Dataset data{.shape = shape_of(card)};
  if (card.name == "glyphs") {
    // Never more than asked for: generating is the slow part.
    const auto count = [](int wanted, std::size_t all) {
      return wanted > 0 ? std::min(all, static_cast<std::size_t>(wanted)) : all;
    };
    data.train = make_glyphs(count(card.train_limit, glyphs_train), seed, 0);
    data.test = make_glyphs(count(card.test_limit, glyphs_test), seed, 1);
    require(card.task != Task::regression, "data set 'glyphs' has no numbers to predict");
    for (ImageSet* part : {&data.train, &data.test}) give_no_labels(data.shape, *part);
  } else {
    load_files(card, data);
  }
  if (card.train_limit > 0) keep_first(data.train, static_cast<std::size_t>(card.train_limit));
  if (card.test_limit > 0) keep_first(data.test, static_cast<std::size_t>(card.test_limit));
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

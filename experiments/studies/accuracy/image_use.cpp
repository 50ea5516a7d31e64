#include "experiments/studies/accuracy/image_use.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>
#include <span>
#include <unordered_set>

#include "nn/data/readers.hpp"
#include "nn/models/models.hpp"

namespace lightloom::experiments {
namespace {

constexpr double twins = 1e-3;  // share of test images that may be training images by nature

/// 64 bits of some bytes: multiply and fold, eight at a time.
std::uint64_t hash_of(std::span<const std::uint8_t> bytes, std::uint64_t hash) {
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), size);
    hash = (hash ^ word) * 0x9fb21c651e98df25u;  // odd, half of its bits set
    hash ^= hash >> 29;
    bytes = bytes.subspan(size);
  }
  return hash;
}

std::vector<std::uint64_t> hashes_of(const nn::ImageSet& set) {
  std::vector<std::uint64_t> hashes(set.size());
  for (std::size_t i = 0; i < set.size(); ++i) hashes[i] = hash_of(nn::bytes_of(set, i), 1);
  return hashes;
}

/// How many of `images` are among `others`.
std::size_t count_shared(const std::vector<std::uint64_t>& images,
                         const std::vector<std::uint64_t>& others) {
  const std::unordered_set<std::uint64_t> known(others.begin(), others.end());
  return static_cast<std::size_t>(std::count_if(
      images.begin(), images.end(), [&](std::uint64_t hash) { return known.contains(hash); }));
}

bool too_many(std::size_t shared, const SharedImages& all) {
  return static_cast<double>(shared) > twins * static_cast<double>(all.test);
}

/// Whether the network's weights came from a file, whose images the card lists if anything does.
bool from_file(const Experiment& card) {
  return !card.network.weights_file.empty() || !card.training.teacher_file.empty() ||
         !card.training.student_file.empty() || nn::is_onnx(card.network.model);
}

bool trains(const Experiment& card, int least_epochs) {
  if (!card.network.weights_file.empty()) return false;
  const bool teacher = card.training.teacher_file.empty() && card.training.needs_teacher();
  return card.training.student.epochs >= least_epochs ||
         (teacher && card.training.teacher.epochs >= least_epochs);
}

/// Training images that set converter ranges and are test images.
std::size_t calibrating(const Experiment& card, const SharedImages& shared) {
  const bool through_chips = trains(card, 1) && card.training.student.noise_aware;
  if (card.chips == 0 && !through_chips) return 0;
  const auto first = static_cast<std::size_t>(card.calibration_images);
  if (shared.training == 0) return std::min(first, shared.test);  // see cosim::Chip::calibrate
  return static_cast<std::size_t>(std::count_if(shared.training_places.begin(),
                                                shared.training_places.end(),
                                                [&](std::size_t place) { return place < first; }));
}

/// A file as it is, else below the root: one name for one place.
std::string place_of(const nn::DatasetCard& card, const std::string& name) {
  namespace fs = std::filesystem;
  const std::string root = card.root.empty() ? "data/" + card.name : card.root;
  const fs::path path = fs::exists(name) ? fs::path(name) : fs::path(root) / name;
  std::error_code unknown;
  const fs::path whole = fs::weakly_canonical(path, unknown);
  return (unknown ? path.lexically_normal() : whole).string();
}

/// Where the files of a part of a data set lie: as the card lists them, or as published.
std::vector<std::string> part_files(const nn::DatasetCard& card,
                                    const std::vector<std::string>& listed,
                                    std::vector<std::string> nn::PublishedFiles::*published) {
  std::vector<std::string> names = listed;
  if (names.empty() && published != nullptr)
    for (const nn::Reader& reader : nn::readers())
      for (const nn::PublishedFiles& files : reader.published)
        if (files.dataset == card.name) names = files.*published;
  for (std::string& name : names) name = place_of(card, name);
  return names;
}

}  // namespace

SharedImages shared_images(const nn::Dataset& data) {
  const std::vector<std::uint64_t> test = hashes_of(data.test), train = hashes_of(data.train);
  SharedImages shared{.test = test.size(),
                      .in_training = count_shared(test, train),
                      .in_validation = count_shared(test, hashes_of(data.validation)),
                      .validation = data.validation.size(),
                      .training = data.train.size(),
                      .training_places = {}};
  const std::unordered_set<std::uint64_t> known(test.begin(), test.end());
  for (std::size_t i = 0; i < train.size(); ++i)
    if (known.contains(train[i])) shared.training_places.push_back(i);
  const std::span<const std::uint16_t> labels(data.test.labels);
  std::uint64_t all = 1;
  for (std::size_t i = 0; i < test.size(); ++i)
    all = ((all ^ test[i]) * 0x9fb21c651e98df25u) ^ (all >> 29) ^ labels[i];
  shared.fingerprint = all >> 12;  // a double holds it exactly
  return shared;
}

std::vector<std::string> what_images_chose(const Experiment& card, const SharedImages& shared) {
  std::vector<std::string> chose;
  if (too_many(shared.in_training, shared) && (trains(card, 1) || from_file(card)))
    chose.push_back(fmt::format("weights: {} of {} test images are training images",
                                shared.in_training, shared.test));
  if (too_many(shared.in_validation, shared) && (trains(card, 2) || from_file(card)))
    chose.push_back(fmt::format("the epoch kept: {} of {} test images are validation images",
                                shared.in_validation, shared.test));
  if (const std::size_t images = calibrating(card, shared); images > 0)
    chose.push_back(fmt::format("converter ranges: {} of {} calibration images are test images",
                                images, card.calibration_images));
  chose.insert(chose.end(), card.images_chose.begin(), card.images_chose.end());
  return chose;
}

std::vector<std::string> what_search_chose(const Experiment& card, const SharedImages& shared,
                                           SearchBy by) {
  std::vector<std::string> chose = card.images_chose;
  const std::size_t images = shared.validation > 0 ? shared.in_validation : shared.in_training;
  if (by == SearchBy::images && too_many(images, shared))
    chose.push_back(fmt::format("settings per layer: {} of {} test images are {} images", images,
                                shared.test, shared.validation > 0 ? "validation" : "training"));
  return chose;
}

std::vector<std::string> files_in_several_parts(const nn::DatasetCard& card) {
  const std::vector<std::string> test = part_files(card, card.test, &nn::PublishedFiles::test);
  std::set<std::string> others;
  for (const auto& [listed, published] :
       {std::pair{&card.train, &nn::PublishedFiles::train},
        std::pair{&card.validate,
                  static_cast<std::vector<std::string> nn::PublishedFiles::*>(nullptr)}}) {
    const std::vector<std::string> files = part_files(card, *listed, published);
    others.insert(files.begin(), files.end());
  }
  std::vector<std::string> shared;
  for (const std::string& file : test)
    if (others.erase(file) > 0) shared.push_back(file);
  return shared;
}

std::vector<std::string> what_files_chose(const Experiment& card) {
  std::vector<std::string> chose;
  for (const std::string& file : files_in_several_parts(card.network.dataset))
    chose.push_back(fmt::format(
        "weights: '{}' is a file to test with and one to train or validate with", file));
  chose.insert(chose.end(), card.images_chose.begin(), card.images_chose.end());
  return chose;
}

std::string images_chose_text(const std::vector<std::string>& chose) {
  if (chose.empty()) return "";
  return fmt::format("No accuracy on unseen images: the test images chose {}.",
                     fmt::join(chose, "; "));
}

}  // namespace lightloom::experiments

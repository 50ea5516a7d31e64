#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/cards/experiment_card.hpp"
#include "nn/data/dataset.hpp"

namespace lightloom::experiments {

/// Which images of a data set are in several of its parts, by their pixels.
struct SharedImages {
  std::size_t test = 0;                      // images of the test set
  std::size_t in_training = 0;               // of them, how many are training images too
  std::size_t in_validation = 0;             // and validation images
  std::size_t validation = 0, training = 0;  // images of those parts
  std::vector<std::size_t> training_places;  // training images that are test images, in order
  std::uint64_t fingerprint = 0;             // of test images and labels in order; below 2^52
};
SharedImages shared_images(const nn::Dataset& data);

/// What the images that give a card's accuracies chose before, a phrase each: "weights: 100 of 100
/// test images are training images". Empty where they only report. Training images count if
/// something trained on them, or if weights come from a file and the card lists them; validation
/// images if an epoch was chosen by them among several; training images that set converter ranges;
/// and what the card itself says in `images_chose`. Natural twins, up to one test image in a
/// thousand, are no choice.
std::vector<std::string> what_images_chose(const Experiment& card, const SharedImages& shared);

/// What they chose in a search for settings by `card`: with images (to measure harm, or candidates
/// after training), those set aside to choose by, or training images where there are none. Includes
/// what the card says itself, nothing else of what a run of it would say.
enum class SearchBy { weights, images };
std::vector<std::string> what_search_chose(const Experiment& card, const SharedImages& shared,
                                           SearchBy by);

/// Files that a card's data set reads both to test and to train or to validate, each once.
std::vector<std::string> files_in_several_parts(const nn::DatasetCard& card);
/// The same as `what_images_chose` where training images were not read at all: by names of files.
std::vector<std::string> what_files_chose(const Experiment& card);

/// One sentence for people; "" for nothing.
std::string images_chose_text(const std::vector<std::string>& chose);

}  // namespace lightloom::experiments

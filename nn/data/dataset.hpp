#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/card.hpp"
#include "nn/dataset_shape.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// Labelled images, 8 bits a channel, (image, height, width, channel). A pixel is value / 255, so
/// in [0, 1]: inputs of intensity-coded hardware cannot be negative.
struct ImageSet {
  MapShape image;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> labels;

  [[nodiscard]] std::size_t size() const { return labels.size(); }
};

/// The section `dataset` of a card.
struct DatasetCard {
  std::string name = "glyphs";
  std::string root;                // folder of the files; "": data/<name>
  std::vector<std::string> train;  // cifar10, cifar100: files to use instead of the official names
  std::vector<std::string> test;
  int train_limit = 0;  // use only the first images; 0: all
  int test_limit = 0;
  double validation = 0.1;  // share of the training images that is set aside to choose by
};

/// Keys: name, root, train, test, train_limit, test_limit, validation.
void describe(Section& section, DatasetCard& card);

/// Images to train with, to choose by, and to report on once.
struct Dataset {
  DatasetShape shape;
  ImageSet train, validation, test;
};

/// Reads or generates a data set. The validation images are drawn from the training ones by `seed`.
/// Missing or broken files are an `Error`.
Dataset load_dataset(const DatasetCard& card, std::uint64_t seed);

/// Pixels of the images `order`, in [0, 1], as one batch, with their labels.
void fill_batch(const ImageSet& set, std::span<const std::uint32_t> order, Tensor& images,
                std::vector<int>& labels);

}  // namespace lightloom::nn

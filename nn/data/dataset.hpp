#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/cards/card.hpp"
#include "nn/graph/dataset_shape.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// Shift and scale of the pixels per channel, as many published weights expect:
/// (value / 255 - mean) / std.
struct Normalise {
  std::vector<double> mean, std;  // one number per channel; empty: pixels stay in [0, 1]
};

/// Keys: mean, std.
void describe(Section& section, Normalise& normalise);

/// Labelled images, 8 bits a channel, (image, height, width, channel). Unless normalised a pixel is
/// value / 255, so in [0, 1]: inputs of intensity-coded hardware cannot be negative.
struct ImageSet {
  MapShape image;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint16_t> labels;
  Normalise normalise;

  [[nodiscard]] std::size_t size() const { return labels.size(); }
};

/// The section `dataset` of a card.
struct DatasetCard {
  std::string name = "glyphs";
  std::string root;                // folder of the files; "": data/<name>
  std::vector<std::string> train;  // files to use instead of the official ones: binary records
                                   // (cifar10, cifar100), MATLAB (svhn); all: NumPy images and
                                   // labels in turn, HDF5, folders of images
  std::vector<std::string> test;
  std::vector<std::string> validate;  // files to choose by; none: a share of the training images
  int train_limit = 0;                // use only the first images; 0: all
  int test_limit = 0;
  double validation = 0.1;  // share of the training images that is set aside to choose by, unless
                            // `validate` lists files
  Normalise normalise;
};

/// Keys: name, root, train, test, validate, train_limit, test_limit, validation, normalise {mean,
/// std}.
void describe(Section& section, DatasetCard& card);

/// Images to train with, to choose by, and to report on once.
struct Dataset {
  DatasetShape shape;
  ImageSet train, validation, test;
};

/// Reads or generates a data set. The validation images are drawn from the training ones by `seed`.
/// Missing or broken files are an `Error`.
Dataset load_dataset(const DatasetCard& card, std::uint64_t seed);

/// Random changes of training images: a shift by up to `crop` pixels (black comes in), a mirror
/// image every other time, a black square of `cutout` pixels.
struct Augmentation {
  int crop = 0;
  bool flip = false;
  int cutout = 0;

  [[nodiscard]] bool any() const { return crop > 0 || flip || cutout > 0; }
};

/// Keys: crop, flip, cutout.
void describe(Section& section, Augmentation& augmentation);

/// Where an augmented image is drawn: its changes are a pure function of (seed, epoch, image).
struct AugmentationDraw {
  Augmentation augmentation;
  std::uint64_t seed = 0;
  std::uint64_t epoch = 0;
};

/// Pixels of the images `order` as one batch, with their labels.
void fill_batch(const ImageSet& set, std::span<const std::uint32_t> order, Tensor& images,
                std::vector<int>& labels, const AugmentationDraw& draw = {});

}  // namespace lightloom::nn

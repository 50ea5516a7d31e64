#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/cards/card.hpp"
#include "nn/data/image_set.hpp"
#include "nn/graph/dataset_shape.hpp"

namespace lightloom::nn {

/// Keys: mean, std.
void describe(Section& section, Normalise& normalise);

/// The section `dataset` of a card.
struct DatasetCard {
  std::string name = "glyphs";
  std::string root;                // folder of the files; "": data/<name>
  std::vector<std::string> train;  // files to use instead of the official ones: binary records
                                   // (cifar10, cifar100), MATLAB (svhn); all: what a reader takes
                                   // (nn/data/readers.hpp)
  std::vector<std::string> test;
  std::vector<std::string> validate;  // files to choose by; none: a share of the training images
  int train_limit = 0;                // use only the first images; 0: all
  int test_limit = 0;
  double validation = 0.1;  // share of the training images that is set aside to choose by, unless
                            // `validate` lists files
  Normalise normalise;
  // A data set of one's own; 0: as the name says, else as the files have it.
  int height = 0, width = 0, channels = 0;
  int classes = 0;  // or numbers of a regression's target
  Task task = Task::classes;
  Reading reading;
};

/// Keys: name, root, train, test, validate, train_limit, test_limit, validation, normalise {mean,
/// std}, height, width, channels, classes, outputs, task, layout, full_scale, resize, signed.
void describe(Section& section, DatasetCard& card);

/// The shape of a card's data set: of a known name, as the card gives it, or as the training files
/// have it, whose headers and labels are read then. Throws `Error` when nothing says it.
DatasetShape shape_of(const DatasetCard& card);

/// Images to train with, to choose by, and to report on once.
struct Dataset {
  DatasetShape shape;
  ImageSet train, validation, test;
};

/// Reads or generates a data set. The validation images are drawn from the training ones by `seed`.
/// Missing or broken files are an `Error`.
Dataset load_dataset(const DatasetCard& card, std::uint64_t seed);

}  // namespace lightloom::nn

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nn/graph/graph.hpp"

namespace lightloom::nn {

/// What a network is to say of an image or a row of numbers.
enum class Task {
  classes,      // which class it is of
  regression,   // some numbers, from an array of their own
  autoencoder,  // its own inputs
};

/// Which way the numbers of an image lie in an array.
enum class SampleOrder { automatic, channels_last, channels_first };

/// Which part of a data set is read.
enum class Part { train, test, validate };

/// How the samples of files become inputs.
struct Reading {
  SampleOrder layout = SampleOrder::automatic;
  double full_scale = 0;  // the sample that becomes 1; 0: 255 of 8 bits, 1 of floats
  int resize = 0;         // pixels that the shorter side of an image is scaled to; 0: not at all
  Part part = Part::train;
};

/// What a network must know of a data set: the size of its images and the number of its classes.
struct DatasetShape {
  std::string name;
  MapShape image;
  int classes = 10;  // or outputs, where they are numbers
  Task task = Task::classes;
  Reading reading = {};
};

/// All data sets by name: those that can be loaded, and those whose shape serves `ratio` and `cost`
/// (svhn; tinyimagenet: TinyImageNet-200; dogs, cars: Stanford Dogs and Cars cropped as ImageNet).
const std::vector<DatasetShape>& known_datasets();

/// The data set of that name; nullptr when unknown.
const DatasetShape* find_dataset(std::string_view name);

/// Throws `Error` with the nearest name when unknown.
const DatasetShape& dataset_shape(std::string_view name);

}  // namespace lightloom::nn

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nn/graph/graph.hpp"

namespace lightloom::nn {

/// What a network must know of a data set: the size of its images and the number of its classes.
struct DatasetShape {
  std::string name;
  MapShape image;
  int classes = 10;
};

/// All data sets by name: those that can be loaded, and those whose shape serves `ratio` and `cost`
/// (svhn; tinyimagenet: TinyImageNet-200; dogs, cars: Stanford Dogs and Cars cropped as ImageNet).
const std::vector<DatasetShape>& known_datasets();

/// Throws `Error` with the nearest name when unknown.
const DatasetShape& dataset_shape(std::string_view name);

}  // namespace lightloom::nn

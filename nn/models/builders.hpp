#pragma once

#include "nn/dataset_shape.hpp"
#include "nn/graph.hpp"

namespace lightloom::nn::models {

// One function per built-in network; the table in nn/models.cpp lists them.

Graph cnn3(const DatasetShape& data);
Graph resnet18(const DatasetShape& data);
Graph densenet121(const DatasetShape& data);
Graph mobilenetv2(const DatasetShape& data);

/// Images up to this height get the variants for small images (stride-1 stems), larger ones the
/// ImageNet layouts.
inline constexpr int small_image = 64;

}  // namespace lightloom::nn::models

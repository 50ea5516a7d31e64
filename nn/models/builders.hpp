#pragma once

#include "nn/graph/dataset_shape.hpp"
#include "nn/graph/graph.hpp"

namespace lightloom::nn::models {

// One function per built-in network; the table in nn/models/models.cpp lists them.

Graph mlp(const DatasetShape& data);
Graph lenet5(const DatasetShape& data);
Graph cnn3(const DatasetShape& data);
Graph vgg8(const DatasetShape& data);
Graph vgg11(const DatasetShape& data);
Graph resnet18(const DatasetShape& data);
Graph resnet34(const DatasetShape& data);
Graph resnet50(const DatasetShape& data);
Graph resnet20(const DatasetShape& data);
Graph resnet32(const DatasetShape& data);
Graph resnet44(const DatasetShape& data);
Graph resnet56(const DatasetShape& data);
Graph densenet121(const DatasetShape& data);
Graph mobilenetv2(const DatasetShape& data);
Graph mobilenetv3_small(const DatasetShape& data);
Graph mobilenetv3_large(const DatasetShape& data);
Graph efficientnet_b0(const DatasetShape& data);

/// Images up to this height get the variants for small images (stride-1 stems), larger ones the
/// ImageNet layouts.
inline constexpr int small_image = 64;

}  // namespace lightloom::nn::models

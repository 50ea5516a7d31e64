#pragma once

// What the files of built-in networks share. Each defines its networks in lightloom::nn::models;
// nn/models/models.cpp declares and lists them.

#include "nn/graph/dataset_shape.hpp"
#include "nn/graph/graph.hpp"

namespace lightloom::nn::models {

/// Images up to this height get the variants for small images (stride-1 stems), larger ones the
/// ImageNet layouts.
inline constexpr int small_image = 64;

}  // namespace lightloom::nn::models

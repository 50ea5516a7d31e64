#pragma once

#include "nn/onnx/translation/imported.hpp"

namespace lightloom::nn::onnx {

/// Merges every batch normalisation that alone reads a convolution or linear layer into its weights
/// and bias: W' = s W, b' = s b + shift - s mean with s = scale / sqrt(variance + epsilon). The
/// same function of the input up to rounding. Returns how many are gone.
int fold_norms(Imported& imported);

}  // namespace lightloom::nn::onnx

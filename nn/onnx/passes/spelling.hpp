#pragma once

#include <string>

#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// Whether an operator is taken as several simpler ones.
bool is_spelt_out(const std::string& operation_type);

/// The model with comparisons, logic, selections and some rarer operators on values of images spelt
/// out in arithmetic, truths as the numbers 0 and 1: Greater, Less and their likes, Equal, And, Or,
/// Xor, Not, Where, Shrink, ThresholdedRelu, LRN, LpNormalization,
/// RMSNormalization, ReduceLogSum, ReduceLogSumExp, Mean. What computes on constants alone stays.
Model spelt_out(Model model);

}  // namespace lightloom::nn::onnx

#pragma once

#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// The model with its operators on quantised values (QLinearConv, QLinearMatMul, and those of ONNX
/// Runtime: QLinearAdd, QLinearMul, QGemm, QLinearGlobalAveragePool, QLinearAveragePool,
/// QLinearConcat; pools of integers) written as DequantizeLinear, the plain operator and
/// QuantizeLinear: the same numbers but for the rounding of sums.
Model without_integer_operators(Model model);

}  // namespace lightloom::nn::onnx

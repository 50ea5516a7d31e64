#pragma once

#include "nn/onnx/evaluate/operator_call.hpp"

namespace lightloom::nn::onnx {

/// Zero point number `at` of an input, 0 where there is none.
double zero_at(const OperatorCall& call, std::size_t input, std::int64_t at);

/// The nearest integer (halves to even) that the type holds.
std::int64_t rounded_into(double number, ElementType type);

}  // namespace lightloom::nn::onnx

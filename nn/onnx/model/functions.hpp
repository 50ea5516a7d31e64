#pragma once

#include <map>
#include <string>
#include <vector>

#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// What an operator does that the file itself defines, or a branch of an If.
struct Body {
  std::vector<std::string> inputs, outputs;
  std::map<std::string, Attribute> defaults;  // of attributes that a call may leave out
  std::vector<Operation> operations;
};

/// By the type of the operations that call them, domain included.
using Functions = std::map<std::string, Body>;

/// The operations with every call of a function replaced by its body, calls inside of bodies
/// included; names of the body get the call's in front. Throws `Error` for functions that call
/// themselves, and for calls with more inputs or outputs than the function has.
std::vector<Operation> inlined(const std::vector<Operation>& operations,
                               const Functions& functions);

}  // namespace lightloom::nn::onnx

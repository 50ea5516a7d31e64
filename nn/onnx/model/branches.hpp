#pragma once

#include <string>
#include <vector>

#include "nn/onnx/model/functions.hpp"

namespace lightloom::nn::onnx {

/// The values that a body reads and does not make itself, each once.
std::vector<std::string> read_from_around(const Body& body);

/// Whether the condition of an If is one element, and true. Throws `Error` for anything else.
bool truth_of(const Operation& choice, const Array& condition);

/// What stands in the place of an If whose condition is known: the operations of that branch, made
/// to read and to make what the If reads and makes. Throws `Error` where it has no such branch, or
/// one of fewer outputs.
std::vector<Operation> branch_taken(const Operation& choice, bool condition);

}  // namespace lightloom::nn::onnx

#pragma once

#include <string>
#include <vector>

#include "nn/io/safetensors.hpp"
#include "nn/onnx/translation/imported.hpp"

namespace lightloom::nn::onnx {

/// Whether more of the arrays go by names of the file's constants than the `others` that go by
/// names of another kind; so they do where none goes by any.
bool has_names_of(const std::string& path, const std::vector<NamedArray>& arrays,
                  std::size_t others);

/// The network of an ONNX file with weights of another file in the place of its own, by the names
/// of the file's constants (its initialisers), which exporters take from the network they export,
/// or another public spelling of them (nn/io/torch_dialects.hpp). The transposed weight of a MatMul
/// that PyTorch numbers ("onnx::MatMul_55") goes by the path of its node. Every array must find its
/// place, and every constant with a name its array; shapes are those of the file. What a file does
/// not have by itself, since its exporter merged it with something else, is an `Error`.
Imported import_with_weights(const std::string& path, const std::vector<NamedArray>& arrays);

}  // namespace lightloom::nn::onnx

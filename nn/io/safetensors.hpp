#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lightloom::nn {

/// A named array of any rank, row-major.
struct NamedArray {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;     // none where the type is not one of floats
  std::string type = "float32";  // of its elements in the file, as the file names them
};

/// Reads a safetensors file (github.com/huggingface/safetensors, format of the 8-byte header
/// length, JSON header, data). Element types F32, F64, F16 and BF16 become float; tensors of other
/// types (integers, F8_E4M3) come without values. Every malformed file is one `Error`.
std::vector<NamedArray> read_safetensors(const std::string& path);

/// Writes F32 tensors in the given order, complete or not at all.
void write_safetensors(const std::string& path, const std::vector<NamedArray>& arrays);

}  // namespace lightloom::nn

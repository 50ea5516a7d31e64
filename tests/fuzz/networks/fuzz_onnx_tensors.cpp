// Tensors in files of their own, as operator cases have them.
#include "nn/onnx/model/model.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {

void read_input(Input input) {
  const nn::onnx::Array array = nn::onnx::read_array(file_of(input, "input_0.pb"));
  demand(array.floats.size() + array.integers.size() <= 8 * input.size() + 64,
         "no more values than the file holds");
}

std::vector<Seed> seeds() {
  // Fields of TensorProto: 1 dims, 2 data_type, 4 float_data, 7 int64_data, 8 name, 9 raw_data.
  return {{"floats", {0x0a, 2, 1, 2, 0x10, 1, 0x22, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}},
          {"integers", {0x0a, 1, 2, 0x10, 7, 0x3a, 2, 5, 6, 0x42, 1, 'x'}},
          {"raw", {0x0a, 1, 1, 0x10, 1, 0x4a, 4, 0, 0, 0x80, 0x3f}},
          {"half", {0x0a, 1, 1, 0x10, 10, 0x4a, 2, 0, 0x3c}},
          {"scalar", {0x10, 11, 0x4a, 8, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f}}};
}

}  // namespace lightloom::fuzz

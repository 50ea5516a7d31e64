#pragma once

// Arrays by hand, and one operator of the interpreter on them.

#include <string>
#include <vector>

#include "nn/onnx/evaluate/evaluate.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn::onnx::arrays {

inline Array drawn(std::vector<std::int64_t> dims, std::uint32_t family) {
  Array a{.dims = std::move(dims)};
  a.floats =
      reference::floats(reference::random_doubles(static_cast<std::size_t>(a.size()), family));
  return a;
}
inline Array of_floats(std::vector<std::int64_t> dims, std::vector<float> values) {
  return {.dims = std::move(dims), .floats = std::move(values)};
}
inline Array of_integers(std::vector<std::int64_t> dims, std::vector<std::int64_t> values,
                         ElementType type) {
  return {.dims = std::move(dims), .integers = std::move(values), .type = type};
}
inline Attribute number(std::int64_t value) { return {.integers = {value}}; }

inline std::vector<Array> run(const std::string& type, const std::vector<Array>& inputs,
                              std::map<std::string, Attribute> attributes = {},
                              std::size_t outputs = 1) {
  Operation o{type, "one", {}, std::vector<std::string>(outputs, "y"), std::move(attributes)};
  std::vector<const Array*> all;
  for (const Array& input : inputs)
    all.push_back(input.dims == std::vector<std::int64_t>{-1} ? nullptr : &input);
  return evaluate(o, all, 21);
}
inline const Array left_out{.dims = {-1}};

}  // namespace lightloom::nn::onnx::arrays

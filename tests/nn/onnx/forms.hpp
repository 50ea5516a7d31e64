#pragma once

// Small graphs as exporters write them, and how an import is compared with the interpreter, which
// knows no layouts and shares nothing with the engine.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "nn/inference/inference.hpp"
#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/onnx/import/translate.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn::onnx::forms_tests {

inline Array drawn(std::vector<std::int64_t> dims, std::uint32_t family) {
  Array a{.dims = std::move(dims)};
  a.floats =
      reference::floats(reference::random_doubles(static_cast<std::size_t>(a.size()), family));
  return a;
}

inline Attribute number(std::int64_t value) { return {.integers = {value}}; }
inline Attribute numbers(std::vector<std::int64_t> values) {
  return {.integers = std::move(values), .list = true};
}

inline Array through_network(const Model& model, const Array& x) {
  const Imported imported = translate(model);
  Network network = network_of(imported, {});
  Inference inference(network);
  return output_of(imported, inference.forward(images_of(imported, x)));
}

/// Both ways must give the same shape and, within the rounding of `terms` sums, the same numbers.
inline void expect_same(Model model, const Array& x, double tolerance = 2e-5) {
  const Array expected = evaluate(model, {{"x", x}}).front();
  for (const bool open : {false, true}) {
    model.inputs = {{"x", x.dims}};
    if (open) model.inputs[0].dims[0] = 0;
    const Array got = through_network(model, x);
    ASSERT_EQ(got.dims, expected.dims) << (open ? "open batch" : "fixed batch");
    for (std::size_t i = 0; i < got.floats.size(); ++i)
      ASSERT_NEAR(got.floats[i], expected.floats[i], tolerance * (1 + std::abs(expected.floats[i])))
          << "element " << i;
  }
}

inline std::string refusal(const Model& model) {
  try {
    (void)translate(model);
  } catch (const Unsupported& problem) {
    return problem.what();
  } catch (const Error& problem) {
    return problem.what();
  }
  return "";
}

/// Convolution of three channels to five on maps of 6x7.
inline Model with_convolution(std::vector<Operation> rest) {
  Model model{.opset = 18, .constants = {{"w", drawn({5, 3, 3, 3}, 1)}}, .outputs = {"y"}};
  model.operations = {{"Conv", "c", {"x", "w"}, {"h"}, {{"pads", numbers({1, 1, 1, 1})}}}};
  for (Operation& one : rest) model.operations.push_back(std::move(one));
  return model;
}
inline const std::vector<std::int64_t> images{2, 3, 6, 7};

}  // namespace lightloom::nn::onnx::forms_tests

#pragma once

// Models written operation by operation, and what is asked of their import: the interpreter is the
// reference of the numbers, differences that of the gradients.

#include <gtest/gtest.h>

#include <cmath>

#include "nn/inference/inference.hpp"
#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/export.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/onnx/import/translate.hpp"
#include "nn/train/training_pass.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn::onnx::chains {

using Sides = std::vector<std::int64_t>;

inline Attribute whole_number(std::int64_t value) { return {.integers = {value}}; }
inline Attribute whole_numbers(Sides values) {
  return {.integers = std::move(values), .list = true};
}
inline Attribute real_number(float value) { return {.floats = {value}}; }
inline Attribute word(std::string value) { return {.text = std::move(value)}; }

/// A chain of operations on one input, written as an exporter would.
struct Chain {
  Model model;
  std::string last = "x";
  int made = 0;

  Chain(Sides dims, std::int64_t opset = 17) {
    model.opset = opset;
    model.inputs = {{.name = "x", .dims = std::move(dims)}};
    model.outputs = {"x"};
  }
  std::string random(Sides dims) {
    std::string name = "c" + std::to_string(++made);
    Array a{.dims = std::move(dims)};
    a.floats = reference::floats(reference::random_doubles(static_cast<std::size_t>(a.size()),
                                                           static_cast<std::uint32_t>(made)));
    for (float& v : a.floats) v *= 0.4f;
    model.constants[name] = std::move(a);
    return name;
  }
  std::string whole(Sides values) {
    std::string name = "i" + std::to_string(++made);
    model.constants[name] = integers_array(std::move(values));
    return name;
  }
  std::string scalar(float value) {
    std::string name = "s" + std::to_string(++made);
    model.constants[name] = {.dims = {}, .floats = {value}};
    return name;
  }
  std::string add(const std::string& type, std::vector<std::string> inputs,
                  std::map<std::string, Attribute> attributes = {}) {
    last = "v" + std::to_string(++made);
    model.operations.push_back(
        {type, type + std::to_string(made), std::move(inputs), {last}, std::move(attributes)});
    model.outputs = {last};
    return last;
  }
};

inline Array input_of(const Model& model) {
  Array x{.dims = model.inputs[0].dims};
  if (x.dims[0] == 0) x.dims[0] = 1;
  x.floats = reference::floats(reference::random_doubles(static_cast<std::size_t>(x.size()), 77));
  return x;
}

/// The import gives what the interpreter gives; the same again through a file of our own.
inline void expect_same_function(const Model& model, double tolerance = 2e-5) {
  const Array x = input_of(model);
  const Array expected = evaluate(model, {{"x", x}}).front();
  const Imported imported = translate(model);
  Network network = network_of(imported, {});
  Inference inference(network);
  const Tensor batch = images_of(imported, x);
  const Array got = output_of(imported, inference.forward(batch));
  ASSERT_EQ(got.dims, expected.dims);
  ASSERT_EQ(got.floats.size(), expected.floats.size());
  for (std::size_t i = 0; i < got.floats.size(); ++i)
    ASSERT_NEAR(got.floats[i], expected.floats[i], tolerance * (1 + std::abs(expected.floats[i])))
        << i;
  Model exported = export_model(network);
  exported.inputs[0].dims[0] = x.dims[0];
  Network again = network_of(translate(exported), {});
  Inference other(again);
  const Tensor& second = other.forward(batch);
  const Tensor& first = inference.forward(batch);
  ASSERT_EQ(second.shape().size(), first.shape().size());
  for (std::size_t i = 0; i < first.values().size(); ++i)
    ASSERT_NEAR(second.values()[i], first.values()[i],
                tolerance * (1 + std::abs(first.values()[i])))
        << "exported, " << i;
}

inline double loss_of(TrainingPass& pass, const Tensor& batch, const std::vector<float>& weights) {
  const std::span<const float> y = pass.forward(batch, {}).values();
  double sum = 0;
  for (std::size_t i = 0; i < y.size(); ++i) sum += double{y[i]} * weights[i];
  return sum;
}

/// Every parameter's gradient along a random direction is the difference of the loss.
inline void expect_right_gradients(const Model& model, double tolerance = 4e-3) {
  Network network = network_of(translate(model), {});
  TrainingPass pass(network, 0);
  const Tensor batch = to_channels_last(input_of(model), network.graph().nodes[0].shape);
  const std::size_t size = pass.forward(batch, {}).values().size();
  const std::vector<float> weights = reference::floats(reference::random_doubles(size, 5));
  for (Parameter* p : network.parameters()) std::fill(p->gradient.begin(), p->gradient.end(), 0.0f);
  Tensor d_logits(pass.forward(batch, {}).shape());
  std::copy(weights.begin(), weights.end(), d_logits.data());
  pass.backward(d_logits);
  std::uint32_t family = 200;
  for (Parameter* p : network.parameters()) {
    const std::vector<float> kept = p->value;
    const auto along = reference::random_doubles(kept.size(), ++family);
    double expected = 0, length = 0;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      expected += along[i] * p->gradient[i];
      length += double{p->gradient[i]} * p->gradient[i];
    }
    const double h = 4e-3 / std::sqrt(static_cast<double>(kept.size()));
    const auto moved = [&](double step) {
      for (std::size_t i = 0; i < kept.size(); ++i)
        p->value[i] = static_cast<float>(kept[i] + step * along[i]);
      return loss_of(pass, batch, weights);
    };
    const double got = (moved(h) - moved(-h)) / (2 * h);
    p->value = kept;
    EXPECT_NEAR(got, expected, tolerance * (1 + std::sqrt(length))) << p->name;
  }
}

}  // namespace lightloom::nn::onnx::chains

#include "nn/onnx/fold.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "nn/inference/inference.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/onnx/import/translate.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn::onnx {
namespace {

using reference::floats;
using reference::random_doubles;

Array folded_array(std::vector<std::int64_t> dims, std::uint32_t family, float least = -9) {
  Array a{.dims = std::move(dims)};
  a.floats = floats(random_doubles(static_cast<std::size_t>(a.size()), family));
  for (float& one : a.floats) one = std::max(one, least);
  return a;
}

Operation norm(const std::string& name, const std::string& from, const std::string& to) {
  return {"BatchNormalization",
          name,
          {from, "s", "b", "m", "v"},
          {to},
          {{"epsilon", {.floats = {0.01f}}}}};
}

/// conv, bn, relu; a second convolution that is read twice, so that its bn must stay; flatten,
/// linear.
Model model() {
  return {.opset = 13,
          .operations = {{"Conv", "c1", {"x", "w1", "cb"}, {"h1"}, {}},
                         norm("n1", "h1", "h2"),
                         {"Relu", "r", {"h2"}, {"h3"}, {}},
                         {"Conv", "c2", {"h3", "w2"}, {"h4"}, {}},
                         norm("n2", "h4", "h5"),
                         {"Add", "a", {"h4", "h5"}, {"h6"}, {}},
                         {"Flatten", "f", {"h6"}, {"h7"}, {}},
                         {"Gemm", "g", {"h7", "w3"}, {"y"}, {}}},
          .constants = {{"w1", folded_array({4, 3, 3, 3}, 1)},
                        {"cb", folded_array({4}, 2)},
                        {"w2", folded_array({4, 4, 1, 1}, 3)},
                        {"w3", folded_array({36, 5}, 4)},
                        {"s", folded_array({4}, 5)},
                        {"b", folded_array({4}, 6)},
                        {"m", folded_array({4}, 7)},
                        {"v", folded_array({4}, 8, 0.1f)}},
          .inputs = {{"x", {2, 3, 5, 5}}},
          .outputs = {"y"}};
}

std::vector<float> run_imported(const Imported& imported) {
  Network network = network_of(imported, {});
  Inference inference(network);
  const Array x = folded_array({2, 3, 5, 5}, 0);
  const Tensor& y = inference.forward(to_channels_last(x, network.graph().nodes[0].shape));
  return {y.values().begin(), y.values().end()};
}

TEST(OnnxFold, IsTheSameFunctionWithOneNormalisationLess) {
  const Imported plain = translate(model());
  Imported folded = plain;
  EXPECT_EQ(fold_norms(folded), 1);
  EXPECT_EQ(folded.graph.nodes.size() + 1, plain.graph.nodes.size());
  EXPECT_EQ(folded.norms.size(), 1u);
  const std::vector<float> a = run_imported(plain), b = run_imported(folded);
  ASSERT_EQ(a.size(), b.size());
  // Sums of 27, 4 and 36 terms; the largest value sets the size of what is rounded.
  float largest = 0;
  for (const float one : a) largest = std::max(largest, std::abs(one));
  for (std::size_t i = 0; i < a.size(); ++i)
    EXPECT_NEAR(a[i], b[i], (27 + 4 + 36) * 6e-8 * largest);
  EXPECT_EQ(fold_norms(folded), 0) << "nothing is left to fold";
}

}  // namespace
}  // namespace lightloom::nn::onnx

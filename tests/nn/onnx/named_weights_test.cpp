// Checkpoints on networks of ONNX files: the interpreter on the file with its constants replaced by
// hand is the reference.

#include "nn/onnx/named_weights.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "tests/nn/onnx/chain.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn::onnx::named_weights_tests {
namespace {

using namespace chains;

/// A block as PyTorch exports it with its normalisation, tokens of its channels through a layer
/// whose matrix the exporter turned and numbered, and a classifier.
Chain exported_block() {
  Chain c({2, 3, 6, 6});
  const auto named = [&](const std::string& name, Sides dims) {
    c.model.constants[name] = c.model.constants.at(c.random(std::move(dims)));
    return name;
  };
  const std::string variance = named("layer1.0.downsample.1.running_var", {4});
  for (float& v : c.model.constants[variance].floats) v = 1 + v * v;
  std::string x = c.add("Conv", {"x", named("layer1.0.downsample.0.weight", {4, 3, 3, 3})});
  x = c.add("BatchNormalization", {x, named("layer1.0.downsample.1.weight", {4}),
                                   named("layer1.0.downsample.1.bias", {4}),
                                   named("layer1.0.downsample.1.running_mean", {4}), variance});
  x = c.add("Relu", {x});
  x = c.add("Reshape", {x, c.whole({0, 4, 16})});
  x = c.add("Transpose", {x}, {{"perm", whole_numbers({0, 2, 1})}});
  x = c.add("MatMul", {x, named("onnx::MatMul_41", {4, 5})});
  c.model.operations.back().name = "/mixers/mixers.0/lin/MatMul";
  x = c.add("Add", {named("mixers.0.lin.bias", {5}), x});
  x = c.add("ReduceMean", {x}, {{"axes", whole_numbers({1})}, {"keepdims", whole_number(0)}});
  c.add("Gemm", {x, named("fc.weight", {7, 5}), named("fc.bias", {7})},
        {{"transB", whole_number(1)}});
  return c;
}

Array turned(const Array& a) {
  Array t{.dims = {a.dims[1], a.dims[0]}, .floats = {}};
  for (std::int64_t c = 0; c < a.dims[1]; ++c)
    for (std::int64_t r = 0; r < a.dims[0]; ++r)
      t.floats.push_back(a.floats[static_cast<std::size_t>(r * a.dims[1] + c)]);
  return t;
}

/// Other numbers for every parameter, in the model and as a checkpoint has them.
std::vector<NamedArray> retrained(Model& model) {
  std::vector<NamedArray> arrays;
  for (auto& [name, constant] : model.constants) {
    if (name.find('.') == std::string::npos && !name.starts_with("onnx::")) continue;
    for (float& v : constant.floats) v = 0.5f * v + 0.125f;
    const bool numbered = name.starts_with("onnx::");
    const Array kept = numbered ? turned(constant) : constant;
    arrays.push_back({numbered ? "mixers.0.lin.weight" : name, kept.dims, kept.floats});
  }
  return arrays;
}

class OnnxNamedWeights : public testing::Test {
 protected:
  OnnxNamedWeights() : folder_(scratch_path("onnx_named_weights")) {
    std::filesystem::create_directories(folder_);
    write_model(path(), original_.model);
    arrays_ = retrained(changed_.model);
  }
  ~OnnxNamedWeights() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return folder_ + "/net.onnx"; }
  NamedArray& array(const std::string& name) {
    return *std::find_if(arrays_.begin(), arrays_.end(),
                         [&](const NamedArray& one) { return one.name == name; });
  }
  void expect_changed() const {
    const Array x = input_of(changed_.model);
    const Array expected = evaluate(changed_.model, {{"x", x}}).front();
    const Imported imported = import_with_weights(path(), arrays_);
    Network network = network_of(imported, {});
    Inference inference(network);
    const Array got = output_of(imported, inference.forward(images_of(imported, x)));
    ASSERT_EQ(got.floats.size(), expected.floats.size());
    for (std::size_t i = 0; i < got.floats.size(); ++i)
      EXPECT_NEAR(got.floats[i], expected.floats[i], 2e-5) << i;
  }
  [[nodiscard]] std::string refused() const {
    try {
      (void)import_with_weights(path(), arrays_);
    } catch (const Error& problem) {
      return problem.what();
    }
    return "";
  }

  std::string folder_;
  Chain original_ = exported_block(), changed_ = exported_block();
  std::vector<NamedArray> arrays_;
};

TEST_F(OnnxNamedWeights, TakeThePlacesOfConstantsWithTheirNames) { expect_changed(); }

TEST_F(OnnxNamedWeights, AreFoundBehindPrefixesAndInAnotherSpelling) {
  for (NamedArray& one : arrays_) {
    if (one.name.starts_with("fc.")) one.name.replace(0, 2, "linear");
    const std::size_t at = one.name.find("downsample");
    if (at != std::string::npos) one.name.replace(at, 10, "shortcut");
    one.name = "module." + one.name;
  }
  expect_changed();
}

TEST_F(OnnxNamedWeights, AreAskedForByTheirOwnNamesFirst) {
  EXPECT_TRUE(has_names_of(path(), arrays_, 0));
  EXPECT_TRUE(has_names_of(path(), arrays_, arrays_.size() - 1));
  EXPECT_FALSE(has_names_of(path(), arrays_, arrays_.size()));
}

TEST_F(OnnxNamedWeights, OfOtherShapesOrMissingAreRefused) {
  array("fc.weight").shape = {5, 7};
  EXPECT_NE(refused().find("'fc.weight' has the shape (5, 7)"), std::string::npos) << refused();
  array("fc.weight").shape = {7, 5};
  array("mixers.0.lin.weight").shape = {4, 5};
  EXPECT_NE(refused().find("transposed"), std::string::npos) << refused();
  array("mixers.0.lin.weight").shape = {5, 4};
  array("fc.bias").name = "fc.offset";
  EXPECT_NE(refused().find("lacks 'fc.bias'"), std::string::npos) << refused();
  array("fc.offset").name = "fc.bias";
  arrays_.push_back({"further.weight", {2, 2}, {1, 2, 3, 4}});
  EXPECT_NE(refused().find("no place for 'further.weight'"), std::string::npos) << refused();
}

TEST_F(OnnxNamedWeights, OfWhatAnExporterMergedAreRefused) {
  Chain merged({2, 3, 6, 6});
  merged.model.constants["onnx::Conv_28"] = merged.model.constants.at(merged.random({4, 3, 3, 3}));
  std::string x = merged.add("Conv", {"x", "onnx::Conv_28"});
  merged.model.operations.back().name = "/conv1/Conv";
  x = merged.add("Flatten", {x});
  merged.model.constants["fc.weight"] = merged.model.constants.at(merged.random({7, 64}));
  merged.add("Gemm", {x, "fc.weight"}, {{"transB", whole_number(1)}});
  write_model(path(), merged.model);
  arrays_ = {{"conv1.weight", {4, 3, 3, 3}, std::vector<float>(108, 1)},
             {"fc.weight", {7, 64}, std::vector<float>(448, 1)}};
  EXPECT_NE(refused().find("'onnx::Conv_28', of the Conv '/conv1/Conv'"), std::string::npos)
      << refused();
}

TEST_F(OnnxNamedWeights, OfFunctionsMustBeWhatTheyWere) {
  Chain sloped({2, 5});
  sloped.model.constants["act.weight"] = {.dims = {1}, .floats = {0.25f}};
  sloped.add("PRelu", {"x", "act.weight"});
  sloped.model.constants["fc.weight"] = sloped.model.constants.at(sloped.random({7, 5}));
  sloped.add("Gemm", {sloped.last, "fc.weight"}, {{"transB", whole_number(1)}});
  write_model(path(), sloped.model);
  arrays_ = {{"act.weight", {1}, {0.25f}}, {"fc.weight", {7, 5}, std::vector<float>(35, 1)}};
  EXPECT_EQ(refused(), "");
  array("act.weight").values = {0.5f};
  EXPECT_NE(refused().find("'act.weight' is 0.5 where the network has 0.25"), std::string::npos)
      << refused();
}

}  // namespace
}  // namespace lightloom::nn::onnx::named_weights_tests

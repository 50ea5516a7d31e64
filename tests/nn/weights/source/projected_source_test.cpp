#include "nn/weights/source/projected_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/cards/tree.hpp"
#include "core/random/random.hpp"
#include "nn/weights/source_card.hpp"
#include "tests/nn/weights/recording_source.hpp"

namespace lightloom::nn {
namespace {

const LayerShape shape{
    .name = "c", .in_channels = 9, .out_channels = 7, .kernel_height = 3, .kernel_width = 3};

std::vector<float> latent_normals() {
  std::vector<float> values(static_cast<std::size_t>(shape.weights()));
  fill_normal(Stream({.seed = 6, .purpose = Purpose::test}), 0, values);
  for (float& value : values) value *= 0.1f;
  return values;
}

std::unique_ptr<WeightSource> source_of(const std::string& text) {
  return make_source(read_card<SourceCard>(parse_yaml(text, "test")), shape);
}

std::vector<float> weights_of_projected(WeightSource& source) {
  std::vector<float> weight(static_cast<std::size_t>(shape.weights()));
  source.materialise(weight);
  return weight;
}

bool untouched(const std::vector<Parameter*>& parameters) {
  return std::all_of(parameters.begin(), parameters.end(), [](const Parameter* one) {
    return std::count(one->gradient.begin(), one->gradient.end(), 0.0f) ==
           static_cast<std::ptrdiff_t>(one->gradient.size());
  });
}

TEST(ProjectedSource, LeavesRegularisersAndRulesOfTheSourceOut) {
  // Training moves the dense weight; the codes are what the next projection makes of it.
  ProjectedSource source(
      source_of("{source: multilevel, intra: 2, cross: 4, orthogonality: {lambda: 1}}"), shape);
  source.encode(latent_normals());
  source.set_step(TrainingStep{});
  EXPECT_EQ(source.regularise(), 0);
  EXPECT_TRUE(untouched(source.inner().parameters()));
  EXPECT_GT(source.inner().regularise(), 0);

  std::vector<std::string> calls;
  ProjectedSource recorded(std::make_unique<RecordingSource>(calls), shape);
  EXPECT_EQ(recorded.regularise(), 0);
  EXPECT_EQ(recorded.own_step(1), 0);
  recorded.backward(latent_normals());
  EXPECT_TRUE(calls.empty());
  recorded.set_step(TrainingStep{.epoch = 3});
  EXPECT_EQ(calls, std::vector<std::string>{"set_step -1"}) << "the source only ever evaluates";
}

TEST(ProjectedSource, HasTheFactorsOfTheLatestProjectionAndNoneWhileTraining) {
  ProjectedSource source(source_of("{source: multilevel, intra: 2, cross: 4}"), shape);
  source.encode(latent_normals());
  ASSERT_TRUE(source.factors().has_value());
  const float before = source.factors()->v[0];
  source.set_step(TrainingStep{});
  EXPECT_FALSE(source.factors().has_value());
  for (float& value : source.parameters()[0]->value) value *= 3;
  source.set_step(std::nullopt);
  ASSERT_TRUE(source.factors().has_value());
  EXPECT_NE(source.factors()->v[0], before);
}

TEST(ProjectedSource, StoresWhatItEvaluates) {
  ProjectedSource source(source_of("{source: integer, bits: 3}"), shape);
  source.encode(latent_normals());
  source.set_step(TrainingStep{});
  std::vector<float>& dense = source.parameters()[0]->value;
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] += 0.01f * static_cast<float>(i % 3);
  source.set_step(std::nullopt);
  const std::vector<CodedStream> words = source.codes();  // asked first, it projects first
  std::vector<float> decoded(dense.size());
  source.decode(words, decoded);
  EXPECT_EQ(decoded, weights_of_projected(source));
  EXPECT_EQ(decoded, dense);
}

TEST(ProjectedSource, KeepsTheProjectionAmongItsConstants) {
  const auto inner = source_of("{source: integer, bits: 3}");
  ProjectedSource source(source_of("{source: integer, bits: 3}"), shape);
  EXPECT_EQ(source.parameters().size(), 1u);
  EXPECT_EQ(source.constants().size(), inner->parameters().size() + inner->constants().size());
}

}  // namespace
}  // namespace lightloom::nn

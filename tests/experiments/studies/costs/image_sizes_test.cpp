// Networks on images of other sizes: what attention takes from the weights.
#include "experiments/studies/costs/image_sizes.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/cards/tree.hpp"
#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

// A transformer of width w and L tokens: 12 w^2 L products of weights a block, 2 L^2 w of
// activations.
TEST(ImageSizes, TheStaticShareOfATransformerFallsWithItsTokensAsItsSizesSay) {
  const Experiment card = read_experiment(parse_yaml(
      "{dataset: {name: cifar10}, model: {name: vit-64-3-2-4}, weights: {source: integer}}",
      "test"));
  const auto found = study_image_sizes(card, {8, 32, 64}, no_progress());
  ASSERT_EQ(found.size(), 3u);
  for (const ImageSize& size : found) {
    const std::int64_t side = size.pixels / 4, tokens = side * side, w = 64;
    EXPECT_EQ(size.tokens, tokens);
    EXPECT_EQ(size.products.of_weights, tokens * w * 48 + 3 * tokens * 12 * w * w + w * 10);
    EXPECT_EQ(size.products.of_activations, 3 * 2 * tokens * tokens * w);
    EXPECT_GT(size.time_s, 0);
    EXPECT_GT(size.energy_J, 0);
  }
  EXPECT_GT(found[0].products.static_share(), 0.98);
  EXPECT_LT(found[2].products.static_share(), 0.77);
  EXPECT_LT(found[1].time_s, found[2].time_s);
}

TEST(ImageSizes, NetworksWithoutAttentionAreWeightsAlone) {
  const Experiment card =
      read_experiment(parse_yaml("{dataset: {name: cifar10}, model: {name: resnet20}}", "test"));
  const auto found = study_image_sizes(card, {32}, no_progress());
  EXPECT_EQ(found[0].tokens, 0);
  EXPECT_EQ(found[0].products.of_activations, 0);
  EXPECT_EQ(found[0].products.static_share(), 1);
  EXPECT_EQ(image_sizes_json(found)[0]["static_share"], 1);
}

TEST(ImageSizes, RefusesWhatIsNoSide) {
  EXPECT_EQ(image_sizes("16,32"), (std::vector<int>{16, 32}));
  EXPECT_EQ(image_sizes("4096"), std::vector<int>{4096});
  for (const char* bad : {"", "0", "-4", "16,", ",16", "16x16", "4097", "1e2", "16 ,32"})
    EXPECT_THROW(image_sizes(bad), Error) << bad;
}

}  // namespace
}  // namespace lightloom::experiments

#include "experiments/studies/frontier.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

CardWith small_card(const std::string& photonic = "bits: 4") {
  return [photonic](const std::vector<std::string>& settings) {
    Tree card = parse_yaml(
        "model: {name: lenet5}\n"
        "weights: {source: multilevel, intra: 2, cross: 4}\n"
        "core: {kind: mrr-bank}\n"
        "generator: {kind: photonic, photonic: {" +
            photonic + "}}\nbaselines: [{source: integer, bits: 8}]",
        "card");
    for (const std::string& setting : settings) apply_setting(card, setting, "card");
    return read_experiment(card);
  };
}

TEST(Frontier, MoreLaserBuysBitsForEnergyAndTheBitsOfTheCardGiveWay) {
  const std::string key = frontier_key("generator.laser");
  const Experiment card = small_card()({});
  const std::vector<double> values = frontier_values(card, key);
  ASSERT_EQ(values.size(), 9U);
  EXPECT_NEAR(values[8], 256 * values[0], 1e-9 * values[8]);
  const Frontier frontier = study_frontier(small_card(), {key, values}, no_progress());
  EXPECT_NEAR(frontier.points[4].study.generator.light->bits_uniform, 4, 1e-6);  // the card's own
  for (std::size_t i = 1; i < values.size(); ++i) {
    const auto &less = frontier.points[i - 1].study, &more = frontier.points[i].study;
    EXPECT_NEAR(more.generator.light->laser_power_mW, values[i], 1e-9 * values[i]);
    EXPECT_GT(more.generator.light->bits_uniform, less.generator.light->bits_uniform);
    EXPECT_GT(more.reports[0].energy_J(), less.reports[0].energy_J());
    EXPECT_EQ(more.reports[1].energy_J(), less.reports[1].energy_J());  // the baseline has no laser
    EXPECT_FALSE(frontier.dominated(i));
  }
}

TEST(Frontier, ValuesThatTheCardRefusesAreListedWithTheirReason) {
  const Frontier frontier = study_frontier(
      small_card("laser_power_mW: 10"), {frontier_key("generator.bits"), {3, 20}}, no_progress());
  EXPECT_NEAR(frontier.points[0].study.generator.light->bits_uniform, 3, 1e-9);
  EXPECT_NE(frontier.points[1].problem.find("out of reach"), std::string::npos);
  const Json json = frontier_json(frontier);
  EXPECT_TRUE(json["points"][0].contains("energy_gain"));
  EXPECT_TRUE(json["points"][1].contains("problem"));
  EXPECT_NE(frontier_text(frontier).find("not to be had"), std::string::npos);
  EXPECT_THROW(study_frontier(small_card(), {"generator.photonic.bits", {20, 21}}, no_progress()),
               Error);
}

TEST(Frontier, AccuraciesThatSingleOutValuesAreSaidToHaveChosen) {
  Frontier frontier =
      study_frontier(small_card(), {frontier_key("generator.bits"), {3, 4}}, no_progress());
  EXPECT_TRUE(frontier.images_chose().empty());
  EXPECT_FALSE(frontier_json(frontier).contains("images_chose"));
  for (FrontierPoint& point : frontier.points) {
    point.accuracy = Spread{.mean = 0.9, .standard_deviation = 0.01, .low = 0.8, .high = 1};
    point.images_chose = {"weights"};
  }
  EXPECT_EQ(frontier_json(frontier)["images_chose"],
            (Json{"weights", "which values of generator.photonic.bits no other beats"}));
  EXPECT_NE(frontier_text(frontier).find("No accuracy on unseen images"), std::string::npos);
}

TEST(Frontier, AnyKeyWithANumberCanBeSwept) {
  const Experiment card = small_card()({});
  EXPECT_EQ(frontier_values(card, "generator.photonic.cross_rows").size(), 9U);  // 4 ... 1024
  EXPECT_THROW(frontier_values(card, "generator.photonic.levels"), Error);
  EXPECT_THROW(frontier_values(card, "generator.nothing"), Error);
  // Shorter shots take more light for the same bits, and are dearer in it.
  const Frontier frontier =
      study_frontier(small_card(), {"generator.photonic.shot_ns", {0.1, 1.0}}, no_progress());
  EXPECT_GT(frontier.points[0].study.generator.light->laser_power_mW,
            frontier.points[1].study.generator.light->laser_power_mW);
  EXPECT_TRUE(frontier.dominated(0) || frontier.dominated(1));  // the same bits twice
}

}  // namespace
}  // namespace lightloom::experiments

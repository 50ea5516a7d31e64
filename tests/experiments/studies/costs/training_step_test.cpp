#include "experiments/studies/costs/training_step.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "nn/models/models.hpp"

namespace lightloom::experiments {
namespace {

Json step_json(const std::string& changes) {
  const Experiment card = read_experiment(parse_yaml(changes, "test"));
  const nn::Graph graph = nn::build_graph(card.network.model, card.network.dataset.name);
  return training_step_json(study_training_step(card, source_layers(graph, card.network)));
}

const std::string on_crossbar =
    "weights: {source: integer, bits: 4}\ncore: {kind: incoherent-crossbar, rows: 64, columns: "
    "64}\n";

TEST(TrainingStepStudy, SaysWhatAStepOfTheCardsNetworkKeeps) {
  const Json json = step_json(on_crossbar + "training_step: {batch: 3, bits: 6}");
  const Json& macs = json["macs"];
  EXPECT_GT(macs["backward"].get<double>(), macs["forward"].get<double>());
  EXPECT_LT(macs["backward"].get<double>(), 2 * macs["forward"].get<double>());
  EXPECT_EQ(macs["recompute"], 0);
  EXPECT_GE(json["longest_life_s"].get<double>(), json["rule_s"].get<double>());
  EXPECT_EQ(json["refresh_free"].get<bool>(), json["refreshes"] == 0);
  double sum = 0;
  for (const double part : json["edram"]["energy_parts_J"]) sum += part;
  EXPECT_NEAR(json["edram"]["energy_J"], sum, 1e-9 * sum);
  const Json twice = step_json(on_crossbar + "training_step: {batch: 6, bits: 6}");
  EXPECT_NEAR(twice["peak_bytes"], 2 * json["peak_bytes"].get<double>(), 1e-6);
  EXPECT_NEAR(twice["rule_s"], 2 * json["rule_s"].get<double>(), 1e-15);
}

// The peak as it follows from the shapes of cnn3 alone: all inputs of layers and the outputs.
TEST(TrainingStepStudy, ThePeakIsThatOfAllInputs) {
  const Experiment card = read_experiment(parse_yaml(on_crossbar, "test"));
  double inputs = 0;
  std::string last;
  const nn::Graph graph = nn::build_graph(card.network.model, card.network.dataset.name);
  const SourceLayers layers = source_layers(graph, card.network);
  for (const cosim::CostLayer& layer : layers.front())
    inputs += 1.0 * layer.shape.in_height * layer.shape.in_width * layer.shape.in_channels;
  const double outputs = layers.front().back().shape.out_channels;
  // the outputs' own map is read by the loss, while their gradient is written
  EXPECT_NEAR(step_json(on_crossbar + "training_step: {batch: 1, bits: 8}")["peak_bytes"],
              inputs + 2 * outputs, 1e-9);
}

TEST(TrainingStepStudy, RefusesWhatIsNoEdramAndSramOfAnotherArea) {
  const auto refusal = [](const std::string& step) {
    try {
      step_json(on_crossbar + step);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal("training_step: {}"), "");
  EXPECT_NE(refusal("training_step: {buffer: {kind: sram}}").find("kind: edram"),
            std::string::npos);
  EXPECT_NE(refusal("training_step: {sram: {area_mm2: 1}}").find("area_mm2"), std::string::npos);
  EXPECT_NE(refusal("training_step: {batch: 0}").find("batch"), std::string::npos);
  EXPECT_NE(refusal("training_step: {bach: 2}").find("batch"), std::string::npos);
}

}  // namespace
}  // namespace lightloom::experiments

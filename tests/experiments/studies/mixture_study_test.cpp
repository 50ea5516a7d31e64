// A differentiable search over weight sources, from a card to the card that it writes.
#include "experiments/studies/search/mixture_study.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/files/labelled.hpp"
#include "experiments/from_cards/search_card.hpp"
#include "experiments/studies/search/mixture_controls.hpp"
#include "experiments/studies/search/mixture_output.hpp"
#include "nn/accounting/ratio.hpp"

namespace lightloom::experiments {
namespace {

const std::string search_text_of_card =
    "dataset: {name: glyphs, train_limit: 400, test_limit: 100}\nmodel: {name: lenet5}\n"
    "weights: {source: integer, bits: 4, activations: 8}\n"
    "teacher: {epochs: 1}\ntrain: {epochs: 1, batch: 32, rate: 0.003}\n"
    "core: {card: data/devices/mrr-bank-carrier.yaml, rows: 16, columns: 16}\n"
    "generator: data/generators/electronic.yaml\nmemory: data/memory/lpddr4-edge.yaml\n"
    "search:\n"
    "  candidates:\n"
    "    - {label: int2, source: integer, bits: 2}\n"
    "    - {label: int4, source: integer, bits: 4}\n"
    "    - {label: int8, source: integer, bits: 8}\n"
    "    - {label: two-level, source: multilevel, intra: 2, cross: 6, projection: {method: svd}}\n"
    "  targets: [{cost: bytes, at_most: 0.8, of: int4}]\n"
    "  warm_up: {epochs: 1, with: int8}\n"
    "  epochs: 4\n  fine_tune: 1\n  rate: 0.1\n  final_temperature: 0.2\n"
    "baselines: []\nchips: 0\nseed: 5\n";

Experiment search_experiment(const std::vector<std::string>& settings = {}) {
  const std::string place = LIGHTLOOM_SOURCE_DIR "/search.yaml";
  Tree card = Tree::mapping();
  for (const auto& [key, value] : parse_yaml(search_text_of_card, place).pairs)
    set_at(card, key, value, place);
  for (const std::string& setting : settings) apply_setting(card, setting, place);
  return read_experiment(card);
}

std::string refusal(const std::vector<std::string>& settings) {
  try {
    const Experiment card = search_experiment(settings);
    Workbench workbench;
    study_mixture(card, workbench, no_progress());
  } catch (const Error& problem) {
    return problem.what();
  }
  return "";
}

TEST(MixtureStudy, RefusesWhatCannotBeSearchedInASentence) {
  const auto says = [](const std::string& setting, const std::string& part) {
    const std::string text = refusal({setting});
    EXPECT_NE(text.find(part), std::string::npos) << setting << "\n" << text;
  };
  says("search.targets=[]", "is empty: nothing would keep the search from the dearest candidate");
  says("search.targets=[{cost: bytes, at_most: 0.5, of: int3}]",
       "is 'int3' but the candidates are int2, int4, int8, two-level");
  says("search.targets=[{cost: bits, at_most: 1}]", "cost");
  says("search.targets=[{cost: time, at_most: 1}, {cost: time, at_most: 2}]", "in two targets");
  says("search.strengths=rising", "annealed");
  says("search.warm_up={with: int7}", "is 'int7' but the candidates are");
  says("search.candidates=[{label: one, source: integer, bits: 4}]", "two sources at least");
  says("search.candidates=[{label: a, source: dense}, {label: a, source: ternary}]",
       "'a' is another candidate's too");
  says("search.candidates=[{label: a, source: dense}, {label: b, source: shared_depth, bits: 4}]",
       "share what they store");
  says("search.candidates=[{label: a, source: dense}, {label: b, source: smart_deal}]",
       "a rule of its own");
  says("search.candidates=[{label: a, source: dense}, {label: b, source: dense, activations: 4}]",
       "are the network's and no candidate's");
  says("search.controls=[best]", "holds 'best' but may hold uniform, random and greedy");
  says("dataset.validation=0", "a search needs images to choose by");
}

// In memory, for libraries and Python: rules that the section has no use for are refused, and so
// are weights to be kept where nothing is trained.
TEST(MixtureStudy, InMemoryIsToldNoRulesButItsSection) {
  const CardCall call{search_experiment().resolved, "search", &no_progress()};
  const auto refused = [&](const CardCall& what, const SearchOptions& options) {
    try {
      search_card(what, options);
    } catch (const Error& problem) {
      return std::string(problem.what());
    }
    return std::string("taken");
  };
  const std::pair<const char*, SearchOptions> rules[] = {
      {"budget", {.budget = "memory=0.1"}},
      {"sensitivity", {.sensitivity = "relative"}},
      {"images", {.images = 5}},
      {"candidates", {.candidates = 2}},
      {"fine_tune", {.fine_tune = true}}};
  for (const auto& [name, options] : rules)
    EXPECT_TRUE(refused(call, options).starts_with(name)) << refused(call, options);
  const Tree plain = parse_yaml("model: {name: cnn3}\n", "plain");
  EXPECT_NE(refused({plain, "search", &no_progress()}, {.budget = "memory=0.1", .weights = "w.h5"})
                .find("section `search` alone"),
            std::string::npos);
}

TEST(MixtureStudy, RefusesTargetsBelowTheCheapestAndSaysTheLeast) {
  const std::string candidates =
      "search.candidates=[{label: int2, source: integer, bits: 2}, {label: int4, source: integer, "
      "bits: 4}]";
  const Experiment card = search_experiment({candidates, "search.warm_up={with: int2}"});
  Workbench workbench;
  const auto graph = workbench.graph(card);
  double least = 0;
  for (const nn::LayerShape& shape : nn::network_shape(*graph).layers)
    least += static_cast<double>(shape.weights()) * 2 / 8 + 4;  // a scale a layer
  const MixtureCosts costs(card, *graph);
  EXPECT_EQ(costs.by_table(LayerNumbers(costs.layers().size(), 0))[0], least);
  for (const double share : {0.999, 1.0}) {
    const std::string text =
        refusal({candidates, "search.warm_up={with: int2}", "search.controls=[]", "search.epochs=1",
                 fmt::format("search.targets=[{{cost: bytes, at_most: {}}}]", share * least)});
    if (share == 1) {
      EXPECT_EQ(text, "") << "legal at the limit";
    } else {
      EXPECT_NE(text.find(fmt::format("comes to {:.0f} bytes", least)), std::string::npos) << text;
    }
  }
}

TEST(MixtureStudy, RefusesNetworksWithALayerThatNoCandidateServes) {
  const std::string two_level =
      "search.candidates=[{label: a, source: multilevel, intra: 1, cross: 4}, {label: b, source: "
      "multilevel, intra: 2, cross: 4}]";
  const std::string text = refusal(
      {two_level, "search.warm_up={with: a}", "search.targets=[{cost: bytes, at_most: 1e9}]"});
  EXPECT_NE(text.find("no candidate of the search can serve layer"), std::string::npos) << text;
}

TEST(MixtureCosts, TablesAreExactForBytesAndForTheUniformNetworkThatTheyAreScaledTo) {
  const Experiment card = search_experiment(
      {"search.targets=[{cost: bytes, at_most: 0.8, of: int4}, {cost: time, at_most: 0.9, of: "
       "int4}]"});
  Workbench workbench;
  const auto graph = workbench.graph(card);
  const MixtureCosts costs(card, *graph);
  ASSERT_EQ(costs.known().size(), 3u);
  const std::size_t layers = costs.layers().size();
  for (std::size_t c = 0; c < 3; ++c) {
    const LayerNumbers uniform(layers, c);
    const auto table = costs.by_table(uniform),
               whole = costs.of_whole(weights_of_choice(card, costs.layers(), uniform));
    EXPECT_EQ(table[0], whole[0]);
    std::int64_t bits = 0;  // as `ratio` counts them, and a scale a layer
    for (const nn::LayerRatio& layer :
         nn::ratio_of(nn::network_shape(*graph), card.search->candidates[c].weights).layers)
      for (const nn::StoredStream& stream : layer.streams) bits += stream.count * stream.bits;
    EXPECT_EQ(table[0], static_cast<double>(bits) / 8);
    if (c == 1) {
      EXPECT_NEAR(table[1], whole[1], 1e-12 * whole[1]);
    }
    if (c == 2) {
      EXPECT_NEAR(table[2], whole[2], 1e-12 * whole[2]) << "no target: the warm-up's";
    }
  }
  EXPECT_EQ(costs.targets()[0].target, 0.8 * costs.by_table(LayerNumbers(layers, 1))[0]);
  EXPECT_NEAR(costs.targets()[1].target, 0.9 * costs.by_table(LayerNumbers(layers, 1))[1], 1e-18);
  // Two-level weights of six kernels save nothing in a layer of six, and serve no linear one.
  for (std::size_t l = 0; l < layers; ++l)
    EXPECT_EQ(costs.serving()[l].size(), costs.layers()[l].name == "conv2" ? 4u : 3u)
        << costs.layers()[l].name;
}

TEST(MixtureControls, MeetTheTargets) {
  const Experiment card = search_experiment();
  Workbench workbench;
  const MixtureCosts costs(card, *workbench.graph(card));
  const auto drawn = random_choices(card, costs, 5);
  ASSERT_EQ(drawn.size(), 5u);
  for (const LayerNumbers& one : drawn) EXPECT_TRUE(costs.meets_targets(one));
  EXPECT_NE(drawn[0], drawn[1]);
  EXPECT_EQ(random_choices(card, costs, 5), drawn);
  const auto teacher = workbench.teacher(card);
  const LayerNumbers greedy = least_harm_choice(card, costs, *teacher->network);
  ASSERT_EQ(greedy.size(), costs.layers().size());
  EXPECT_TRUE(costs.meets_targets(greedy));
  const Experiment loose =
      search_experiment({"search.targets=[{cost: bytes, at_most: 3, of: int8}]"});
  EXPECT_EQ(
      least_harm_choice(loose, MixtureCosts(loose, *workbench.graph(loose)), *teacher->network),
      LayerNumbers(costs.layers().size(), 2))
      << "INT8 errs least";
}

TEST(MixtureStudy, WritesACardOfTheNetworkThatItTrainedAndSimulatedWhole) {
  omp_set_num_threads(1);
  const Experiment card = search_experiment();
  Workbench workbench;
  const MixtureStudy study = study_mixture(card, workbench, no_progress());
  const MixtureNetwork& searched = study.networks.front();
  EXPECT_EQ(searched.chosen, study.search.chosen);
  EXPECT_LE(searched.whole[0], 1.02 * study.targets[0].target);
  EXPECT_EQ(searched.whole[0], searched.table[0]);
  EXPECT_EQ(searched.epochs, 6);
  std::vector<std::string> names;
  for (const MixtureNetwork& network : study.networks) names.push_back(network.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"searched", "uniform int2", "uniform int4", "uniform int8",
                                      "uniform two-level", "random", "greedy"}));
  // What the written card says is the network that was found, and costs what was said.
  const Experiment again = read_experiment(study.card);
  for (std::size_t l = 0; l < study.layers.size(); ++l)
    EXPECT_TRUE(nn::stores_the_same(nn::card_for(again.network.weights, study.layers[l]),
                                    card.search->candidates[searched.chosen[l]].weights))
        << study.layers[l];
  const MixtureCosts costs(card, *workbench.graph(card));
  EXPECT_EQ(costs.of_whole(again.network.weights), searched.whole);
  for (std::size_t l = 0; l < study.layers.size(); ++l) {
    const nn::WeightLayer& layer = study.searched->weight_layers()[l];
    EXPECT_EQ(layer.source->streams(),
              nn::stored_streams(card.search->candidates[searched.chosen[l]].weights, layer.shape));
  }
  // And its arrays say the same.
  const Labelled results = mixture_results(study, card, "test");
  EXPECT_EQ(std::get<std::vector<double>>(results.variable("alpha")->values).size(),
            4 * study.layers.size() * 4);
  const Json json = mixture_json(study);
  EXPECT_EQ(json["networks"]["searched"]["whole"]["bytes"].get<double>(), searched.whole[0]);
  EXPECT_EQ(json["epochs"].size(), 4u);
  const auto& last = study.search.epochs.back();
  EXPECT_EQ(json["discretisation_gap"].get<double>(), last.mixed_accuracy - last.chosen_accuracy);
  EXPECT_FALSE(mixture_text(study).empty());
}

}  // namespace
}  // namespace lightloom::experiments

// Networks of several widths, from a card to their figures and back from the weights file.
#include "experiments/studies/slimmable/slim_study.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "cosim/cost/cost_simulation.hpp"
#include "cosim/network/network_layers.hpp"
#include "experiments/studies/costs/cost_study.hpp"
#include "experiments/studies/slimmable/slim_costs.hpp"
#include "experiments/studies/slimmable/slim_output.hpp"
#include "nn/slimmable/slim_file.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

const std::string slim_text_of_card =
    "dataset: {name: glyphs, train_limit: 400, test_limit: 200}\nmodel: {name: cnn3}\n"
    "weights: {source: integer, bits: 8}\n"
    "teacher: {epochs: 0}\ntrain: {epochs: 2, batch: 32, optimizer: adam, rate: 0.003}\n"
    "core: {card: data/devices/mrr-bank-carrier.yaml, rows: 16, columns: 16}\n"
    "generator: data/generators/electronic.yaml\nmemory: data/memory/lpddr4-edge.yaml\n"
    "slimmable:\n"
    "  widths: [0.25, 0.5, 1]\n"
    "  gate: {after: conv1, trunk: 0.5, hidden: 4, epochs: 3, batch: 64, optimizer: adam, rate: "
    "0.02}\n"
    "baselines: []\nchips: 0\nseed: 5\n";

Experiment slim_experiment(const std::vector<std::string>& settings = {}) {
  const std::string place = LIGHTLOOM_SOURCE_DIR "/slim.yaml";
  Tree card = Tree::mapping();
  for (const auto& [key, value] : parse_yaml(slim_text_of_card, place).pairs)
    set_at(card, key, value, place);
  for (const std::string& setting : settings) apply_setting(card, setting, place);
  return read_experiment(card);
}

std::string slim_refusal(const std::vector<std::string>& settings) {
  try {
    const Experiment card = slim_experiment(settings);
    Workbench workbench;
    study_slim(card, workbench, no_progress());
  } catch (const Error& problem) {
    return problem.what();
  }
  return "";
}

SlimStudy study_of(const std::vector<std::string>& settings) {
  const Experiment card = slim_experiment(settings);
  Workbench workbench;
  return study_slim(card, workbench, no_progress());
}

TEST(SlimStudy, RefusesWhatCannotBeSlicedInASentence) {
  const auto says = [](const std::string& setting, const std::string& part) {
    const std::string text = slim_refusal({setting});
    EXPECT_NE(text.find(part), std::string::npos) << setting << "\n" << text;
  };
  says("slimmable.widths=[0.5, 0.25, 1]", "ascending");
  says("slimmable.widths=[0.25, 0.5]", "the last of them 1");
  says("slimmable.widths=[1]", "at least");
  says("slimmable.widths=[]", "at least");
  says("slimmable.widths=[-0.5, 1]", "slimmable.widths");
  says("slimmable.widths=[0.5, 1.5]", "slimmable.widths");
  says("slimmable={gate: {after: conv1}}", "'slimmable' needs the key 'widths'");
  says("slimmable.wdiths=[0.5, 1]", "widths");
  says("slimmable.gate.after=conv9", "conv1, conv2");
  says("slimmable.gate.after=linear", "conv1, conv2");
  says("slimmable.gate={trunk: 0.5}", "'slimmable.gate' needs the key 'after'");
  says("slimmable.gate.choices=4", "there are 3 widths");
  says("slimmable.gate.choices=1", "slimmable.gate.choices");
  says("slimmable.gate.trunk=0", "slimmable.gate.trunk");
  says("slimmable.gate.temperature=0", "slimmable.gate.temperature");
  says("slimmable.controls=[static, random]", "may hold static alone");
  says("slimmable={widths: [0.5, 1], controls: [static]}", "add `gate`");
  says("slimmable.widths=[0.001, 1]", "none of its 32 channels");
  says("weights={source: trellis, bits: 2}", "cannot be sliced into widths");
  says("weights={source: ternary, bits: 2}", "cannot be sliced into widths");
  says("train.noise_aware=true", "leave out train.noise_aware");
  says("train.distill=true", "leave out train.distill");
  says("slimmable.gate.retrain=true", "slimmable.gate.retrain");
  says("slimmable.file=no-such-file.h5", "no-such-file.h5");
  says("slimmable=null", "no section `slimmable`");
}

TEST(SlimStudy, MovesTheBytesOfItsHistogramAndFindsItsControls) {
  omp_set_num_threads(1);
  const SlimStudy study = study_of({});
  ASSERT_EQ(study.widths.size(), 3u);
  const GateFigures& gate = *study.gate;
  std::int64_t images = 0;
  double bytes = 0, random = 0, time = 0;
  for (const WidthFigures& width : study.widths) {
    images += width.images;
    const double share = static_cast<double>(width.images) / 200;
    // conv1: 25 in 16; conv2: 25 16 in c; conv3: 25 c c; linear: 9 c 10; gate: 16 in 4 in 3.
    const double c = 32 * width.width;
    const double words = 25 * 16 + 25 * 16 * c + 25 * c * c + 9 * c * 10;
    const double numbers = 4 * 16 + 4 * c + 4 * c + 10 + 4 + 4 * (16 + 1) + 3 * (4 + 1);
    EXPECT_EQ(width.bytes, words + 4 * numbers) << width.width;
    EXPECT_EQ(width.macs, 13 * 13 * 25 * 16 + 11 * 11 * 25 * 16 * c + 9 * 9 * 25 * c * c +
                              9 * c * 10 + 4 * 16 + 4 * 3);
    bytes += share * width.bytes;
    random += share * width.accuracy;
    time += share * width.cost->time_s;
    EXPECT_GT(width.cost->energy_J, 0);
  }
  EXPECT_EQ(images, 200);
  EXPECT_NEAR(gate.bytes, bytes, 1e-9 * bytes);
  EXPECT_NEAR(gate.histogram_bytes, bytes, 1e-9 * bytes);
  EXPECT_NEAR(gate.random_accuracy, random, 1e-12) << "shares of widths times their accuracies";
  EXPECT_NEAR(gate.cost->time_s, time, 1e-9 * time);
  EXPECT_LT(study.widths[0].cost->time_s, study.widths[2].cost->time_s);
  EXPECT_LE(gate.batches[1].bytes, gate.batches[0].bytes);
  // The nearest of widths k/64 by bytes: at most one step of the widest's slope away.
  const double near = std::abs(study.fixed->bytes + study.gate_bytes - gate.bytes);
  EXPECT_LT(near, (study.widths[2].bytes - study.widths[1].bytes) / 16);
  EXPECT_EQ(study.stored_bytes,
            study.widths[2].bytes + study.statistics_bytes[0] + study.statistics_bytes[1]);
}

// conv1 at width .5 hands 16 channels of 13 x 13 to a gate of three choices: as many sums and 16
// products for the means, 19 products and sums a hidden number, and its comparisons. 1000 hidden
// numbers more are 19000 products of 3.1 pJ and 20000 sums of .1 pJ.
TEST(SlimStudy, PaysForTheWorkOfItsGate) {
  omp_set_num_threads(1);
  const cosim::DigitalWork work = gate_work(
      {13, 13, 16}, {.after = "conv1", .choices = 3, .hidden = 4, .schedule = {}, .optimizer = {}});
  EXPECT_EQ(work.adds, 13 * 13 * 16 + 4 * 19 + 4 + 3);
  EXPECT_EQ(work.multiplies, 16 + 4 * 19);
  const auto energy = [](const char* hidden) {
    const SlimStudy study =
        study_of({"train.epochs=0", "slimmable.controls=[]", "slimmable.gate.epochs=1", hidden});
    return study.widths.front().cost->energy_J;
  };
  const double more = energy("slimmable.gate.hidden=1004") - energy("slimmable.gate.hidden=4");
  EXPECT_GE(more, 1e-12 * (19000 * 3.1 + 20000 * 0.1));
  EXPECT_LT(more, 2e-12 * (19000 * 3.1 + 20000 * 0.1)) << "leakage while the digital unit works";
}

TEST(SlimStudy, QuantisesTilesToTheSizeOfTheCore) {
  omp_set_num_threads(1);
  const SlimStudy study = study_of({"train.epochs=0", "slimmable.controls=[]"});
  const auto tiles = [](double rows, double columns) {
    return static_cast<std::int64_t>(std::ceil(rows / 16) * std::ceil(columns / 16));
  };
  for (const WidthFigures& width : study.widths) {
    const double c = 32 * width.width;
    EXPECT_EQ(width.cost->tiles,
              tiles(16, 25) + tiles(c, 25 * 16) + tiles(c, 25 * c) + tiles(10, 9 * c));
  }
}

/// Words of integers of a slice are those of the network of that width, with the gate beside it.
TEST(SlimStudy, CostsWhatTheNetworkOfThatWidthCosts) {
  omp_set_num_threads(1);
  const std::vector<std::string> settings{"train.epochs=0", "slimmable.controls=[]",
                                          "slimmable.gate.trunk=1", "batch=8"};
  const SlimStudy study = study_of(settings);
  const Experiment card = slim_experiment(settings);
  Workbench workbench;
  const auto model = workbench.graph(card);
  HardwareCard hardware = card.hardware;
  hardware.batch = 1;
  const nn::GraphCut cut = nn::cut_behind_layer(*model, "conv1");
  for (const WidthFigures& width : study.widths) {
    const nn::Graph graph = nn::scaled_graph(*model, nn::width_shares(cut, 1, width.width)).graph;
    auto layers = cosim::cost_layers(graph, card.network.dataset.normalise, card.network.weights);
    // The gate: means of 32 channels of 13 x 13, 4 x (32 + 3) products, 4 and 3 comparisons.
    layers.front().digital += {.adds = 13 * 13 * 32 + 4 * 35 + 4 + 3, .multiplies = 32 + 4 * 35};
    const cosim::CostReport report = cosim::simulate_cost(cost_inputs({layers}, hardware).front());
    EXPECT_EQ(width.cost->time_s, report.time_s()) << width.width;
    EXPECT_EQ(width.cost->energy_J, report.energy_J()) << width.width;
  }
}

TEST(SlimStudy, FindsTheStaticNetworkThatMovesAsManyBytes) {
  omp_set_num_threads(1);
  const std::vector<std::string> settings{"train.epochs=0", "slimmable.controls=[]"};
  const SlimStudy study = study_of(settings);
  const Experiment card = slim_experiment(settings);
  Workbench workbench;
  const auto model = workbench.graph(card);
  for (const WidthFigures& width : study.widths) {
    const double bits = 8 * (width.bytes - study.gate_bytes);
    const StaticWidth found = static_width(card, *model, *card.slimmable, bits);
    EXPECT_NEAR(found.width, width.width, 1.0 / 64) << "as many channels";
    const nn::Network network(found.scaled.graph, card.network.weights, 0);
    EXPECT_EQ(static_cast<double>(nn::network_bits(network)), bits);
  }
}

TEST(SlimStudy, ReadsItsTrainedNetworkBackToTheSameFigures) {
  omp_set_num_threads(1);
  for (const std::string weights :
       {"weights={source: integer, bits: 8}",
        "weights={source: multilevel, intra: 2, cross: 6, bits: {basis: 4, intra: 4, cross: 4}}"}) {
    SlimStudy study = study_of({weights, "slimmable.controls=[]"});
    const std::string path = scratch_folder("slim-study") + "/weights.h5";
    nn::save_slim(path, *study.network, study.chooser.get());
    const SlimStudy again = study_of({weights, "slimmable.controls=[]", "slimmable.file=" + path});
    Json expected = slim_json(study), found = slim_json(again);
    for (Json* json : {&expected, &found}) {
      json->erase("epochs");
      (*json)["gate"].erase("losses");
    }
    EXPECT_EQ(expected, found);
    const SlimStudy anew = study_of({weights, "slimmable.controls=[]", "slimmable.file=" + path,
                                     "slimmable.gate.retrain=true"});
    EXPECT_EQ(anew.gate_losses, study.gate_losses) << "of the same widths, by the same seed";
    EXPECT_EQ(anew.gate->accuracy, study.gate->accuracy);
  }
}

TEST(SlimStudy, NeedsNoGate) {
  omp_set_num_threads(1);
  const SlimStudy study = study_of({"slimmable={widths: [0.5, 1]}", "measure=[accuracy]"});
  EXPECT_FALSE(study.gate || study.fixed);
  EXPECT_FALSE(study.widths[0].cost);
  EXPECT_EQ(study.gate_bytes, 0);
  EXPECT_NE(slim_text(study).find("width 0.5"), std::string::npos);
  const Labelled results = slim_results(study, slim_experiment(), "slim");
  EXPECT_NE(results.variable("bytes"), nullptr);
  EXPECT_EQ(results.variable("images"), nullptr);
}

}  // namespace
}  // namespace lightloom::experiments

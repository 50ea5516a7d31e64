// Fine-tuning with a chip in the loop, and statistics taken on chips, as runs report them.
#include "experiments/studies/in_the_loop.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.hpp"
#include "core/progress.hpp"
#include "cosim/analog/chip.hpp"
#include "cosim/analog/staged_chip.hpp"
#include "experiments/studies/accuracy/calibrated_chips.hpp"
#include "experiments/studies/loop_state.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "nn/graph/graph_cut.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/train/measured_part.hpp"
#include "nn/train/train.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

/// A network whose weights a chip of rough rings gets wrong, but always in the same way.
const std::string loop_text_of_card =
    "dataset: {name: glyphs, train_limit: 1500, test_limit: 400}\nmodel: {name: cnn3}\n"
    "weights: {source: dense}\nteacher: {epochs: 6, rate: 0.005}\ntrain: {epochs: 0}\n"
    "in_the_loop: {chip: 2, epochs: 2, rate: 0.001}\n"
    "core: {card: data/devices/mrr-bank.yaml, rows: 32, columns: 32, phase_sigma_rad: 0.008}\n"
    "baselines: []\nmeasure: [accuracy]\nchips: 4\nseed: 5\n";

Experiment loop_experiment(const std::vector<std::string>& settings = {}) {
  const std::string place = LIGHTLOOM_SOURCE_DIR "/loop.yaml";
  Tree card = Tree::mapping();
  for (const auto& [key, value] : parse_yaml(loop_text_of_card, place).pairs)
    set_at(card, key, value, place);
  for (const std::string& setting : settings) apply_setting(card, setting, place);
  return read_experiment(card);
}

class InTheLoop : public testing::Test {
 protected:
  void SetUp() override { omp_set_num_threads(1); }
  void TearDown() override { omp_set_num_threads(threads_); }

 private:
  int threads_ = omp_get_max_threads();
};

/// Another network with the same weights.
std::unique_ptr<nn::Network> copy_of(nn::Network& network, const Experiment& card) {
  auto copy = std::make_unique<nn::Network>(network.graph(), card.network.weights, card.seed,
                                            nn::InitialWeights::none);
  nn::set_weights(*copy, nn::weights_of(network));
  return copy;
}

TEST_F(InTheLoop, RecoversWhatTheChipLostAndTheSameTrainingWithoutTheChipDoesNot) {
  const Experiment card = loop_experiment();
  Experiment plain = card;
  plain.loop.reset();
  plain.keys.student += "/plain";
  Workbench workbench;
  const auto data = workbench.dataset(card);
  const auto trained = workbench.student(plain);
  const auto rough = make_chips(card.hardware.core, {});
  const auto tuned = copy_of(*trained->network, card);
  const LoopResult loop = fine_tune_in_the_loop(*tuned, *data, card, {.core = *rough});
  // The control: all the same, but what the layers "measure" is what an ideal chip does.
  const auto control = copy_of(*trained->network, card);
  const auto ideal = make_chips(Experiment{}.hardware.core, {});
  fine_tune_in_the_loop(*control, *data, card, {.core = *ideal});
  const auto on_the_chip = [&](nn::Network& network, int chip) {
    return evaluate_chip(network, *data,
                         {.core = *rough,
                          .generator = card.hardware.generator,
                          .seed = card.seed,
                          .images = card.calibration_images,
                          .first = chip},
                         data->test)
        .accuracy;
  };
  const double before = on_the_chip(*trained->network, 2), after = on_the_chip(*tuned, 2),
               without = on_the_chip(*control, 2);
  EXPECT_EQ(loop.test_before, before);
  EXPECT_EQ(loop.test_after, after);
  // Standard error of a difference of shares of 400 images: below sqrt(2 0.25 / 400) = 0.035.
  const double four_sigma = 4 * 0.035;
  EXPECT_GT(after - before, four_sigma);
  EXPECT_GT(after - without, four_sigma);
  EXPECT_GT(after - on_the_chip(*tuned, 3), four_sigma) << "the weights belong to one chip";
  ASSERT_EQ(loop.stages.size(), trained->network->weight_layers().size());
  for (const LoopStage& stage : loop.stages) EXPECT_GE(stage.after, stage.before);
  EXPECT_NEAR(loop.stages.back().after, loop.validation_after, 4 * 0.041) << "150 images";
}

TEST_F(InTheLoop, WritesGroupsOfLayersAndEachLayerOnce) {
  const Experiment card =
      loop_experiment({"in_the_loop.group=2", "in_the_loop.epochs=0", "dataset.train_limit=200"});
  Workbench workbench;
  const LoopResult loop = *workbench.student(card)->loop;
  std::vector<int> layers;
  for (const LoopStage& stage : loop.stages) layers.push_back(stage.layers);
  const int all = static_cast<int>(workbench.student(card)->network->weight_layers().size());
  std::vector<int> expected;
  for (int n = 2; n < all; n += 2) expected.push_back(n);
  expected.push_back(all);
  EXPECT_EQ(layers, expected);
  EXPECT_EQ(loop.validation_before, loop.validation_after) << "nothing was trained";
  EXPECT_EQ(loop.test_before, loop.test_after);
}

TEST_F(InTheLoop, ATrainingThatHarmsLeavesTheWeightsAsTheyWere) {
  const std::vector<std::string> harm{"in_the_loop.rate=0.3",      "in_the_loop.epochs=1",
                                      "in_the_loop.optimizer=sgd", "in_the_loop.weight_noise=1",
                                      "core.phase_sigma_rad=0",    "dataset.train_limit=600"};
  const Experiment card = loop_experiment(harm);
  Experiment plain = card;
  plain.loop.reset();
  plain.keys.student += "/plain";
  Workbench workbench;
  const auto tuned = workbench.student(card);
  for (const LoopStage& stage : tuned->loop->stages) {
    EXPECT_EQ(stage.kept_epoch, 0) << stage.layers;
    EXPECT_EQ(stage.after, stage.before);
  }
  const nn::Weights expected = nn::weights_of(*workbench.student(plain)->network),
                    got = nn::weights_of(*tuned->network);
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(got[i].values, expected[i].values) << got[i].name;
}

TEST_F(InTheLoop, ItsWeightsGiveTheSameAccuracyOnTheSameChipOfARun) {
  const std::string folder = scratch_folder("loop");
  const std::vector<std::string> small{"dataset.train_limit=300", "dataset.test_limit=100",
                                       "teacher.epochs=1", "in_the_loop.epochs=1"};
  Workbench workbench;
  const Experiment card = loop_experiment(small);
  const RunResult run = run_experiment(card, workbench);
  nn::save_weights(folder + "/w.h5", *workbench.student(card)->network);
  std::vector<std::string> again = small;
  again.push_back("weights.file=" + folder + "/w.h5");
  Workbench fresh;
  const RunResult later = run_experiment(loop_experiment(again), fresh);
  fs::remove_all(folder);
  EXPECT_FALSE(later.loop.has_value()) << "weights of a file are final";
  ASSERT_TRUE(run.loop.has_value());
  EXPECT_EQ(later.accuracy->chips[2].accuracy, run.loop->test_after);
  EXPECT_EQ(run.accuracy->chips[2].accuracy, run.loop->test_after);
  const Labelled data = to_labelled(run, card);
  EXPECT_EQ(std::get<std::vector<double>>(data.variable("loop_validation_after")->values).size(),
            run.loop->stages.size());
  EXPECT_EQ(to_json(run)["in_the_loop"]["test"]["after"].get<double>(), run.loop->test_after);
}

/// Wants an end after so many reports of a kind of work.
class EndsDuring : public ProgressSink {
 public:
  EndsDuring(std::string title, int reports) : title_(std::move(title)), left_(reports) {}
  void report(const ProgressReport& report) override {
    if (report.title.starts_with(title_) && report.done > 0) --left_;
  }
  [[nodiscard]] bool cancelled() const override { return left_ <= 0; }

 private:
  std::string title_;
  int left_;
};

TEST_F(InTheLoop, GoesOnToTheSameBitsWhereverItWasEnded) {
  const std::vector<std::string> small{
      "dataset.train_limit=300",      "dataset.test_limit=50", "teacher.epochs=1",
      "in_the_loop.epochs=2",         "in_the_loop.views=2",   "in_the_loop.augment.crop=2",
      "in_the_loop.weight_noise=0.05"};
  const Experiment card = loop_experiment(small);
  Workbench straight;
  const auto whole = straight.student(card);
  const nn::Weights expected = nn::weights_of(*whole->network);
  const std::string folder = scratch_folder("loop");
  int number = 0;
  // 300 images less the validation's: 5 batches an epoch. Within stages 1 and 2, between two
  // epochs, and while the chip measures.
  for (const auto& [title, reports] : {std::pair{"train", 8}, std::pair{"train", 19},
                                       std::pair{"measure", 2}, std::pair{"measure", 8}}) {
    const std::string file = folder + fmt::format("/{}.h5", number++);
    // The teacher's own training is reported on as well: it has its turn first.
    {
      Workbench first;
      first.keep_checkpoints(card, file);
      first.teacher(card);
    }
    {
      EndsDuring sink(title, reports);
      Workbench cut(sink);
      cut.keep_checkpoints(card, file);
      EXPECT_THROW(cut.student(card), Failure) << title << reports;
    }
    std::optional<Workbench> rest(std::in_place);
    rest->keep_checkpoints(card, file);
    const auto resumed = rest->student(card);
    const nn::Weights got = nn::weights_of(*resumed->network);
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i)
      EXPECT_EQ(got[i].values, expected[i].values) << title << reports << got[i].name;
    EXPECT_EQ(resumed->loop->test_before, whole->loop->test_before);
    EXPECT_EQ(resumed->loop->test_after, whole->loop->test_after);
    EXPECT_EQ(resumed->loop->validation_before, whole->loop->validation_before);
    EXPECT_EQ(resumed->loop->validation_after, whole->loop->validation_after);
    for (std::size_t s = 0; s < whole->loop->stages.size(); ++s) {
      EXPECT_EQ(resumed->loop->stages[s].layers, whole->loop->stages[s].layers) << s;
      EXPECT_EQ(resumed->loop->stages[s].before, whole->loop->stages[s].before) << s;
      EXPECT_EQ(resumed->loop->stages[s].after, whole->loop->stages[s].after) << s;
      EXPECT_EQ(resumed->loop->stages[s].kept_epoch, whole->loop->stages[s].kept_epoch) << s;
    }
    rest.reset();  // it holds the checkpoint
    Workbench other;
    std::vector<std::string> another = small;
    another.emplace_back("in_the_loop.chip=3");
    EXPECT_THROW(other.keep_checkpoints(loop_experiment(another), file), Error);
  }
  fs::remove_all(folder);
}

TEST_F(InTheLoop, GoesOnWhereAKillLeftTheCheckpointOfTheStageBefore) {
  const Experiment card =
      loop_experiment({"dataset.train_limit=300", "dataset.test_limit=50", "teacher.epochs=1"});
  Workbench straight;
  const nn::Weights expected = nn::weights_of(*straight.student(card)->network);
  const std::string folder = scratch_folder("loop"), file = folder + "/c.h5",
                    stage = file + ".loop.stage";
  const auto ended = [&](ProgressSink& sink) {
    Workbench workbench(sink);
    workbench.keep_checkpoints(card, file);
    EXPECT_THROW(workbench.student(card), Failure);
  };
  {
    Workbench first;
    first.keep_checkpoints(card, file);
    first.teacher(card);
  }
  EndsDuring second_stage("train", 19), third_stage("measure", 4);
  ended(second_stage);
  ASSERT_TRUE(fs::exists(stage));
  fs::copy_file(stage, stage + ".copy");
  ended(third_stage);  // 270 and 30 images: three reports behind the second stage
  ASSERT_FALSE(fs::exists(stage));
  fs::rename(stage + ".copy", stage);
  Workbench rest;
  rest.keep_checkpoints(card, file);
  const auto resumed = rest.student(card);
  EXPECT_EQ(resumed->loop->resumed, 2);
  const nn::Weights got = nn::weights_of(*resumed->network);
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(got[i].values, expected[i].values) << got[i].name;
  EXPECT_FALSE(fs::exists(stage));
  fs::remove_all(folder);
}

/// Fine-tuning by its parts: the chip measures, the rest is trained, without images to choose by,
/// stage after stage.
void fine_tune_by_hand(nn::Network& network, const nn::Dataset& data, const Experiment& card,
                       const photonic::TensorCore& core) {
  const LoopCard& loop = *card.loop;
  cosim::Chip chip(core, network, card.hardware.generator,
                   {card.seed, static_cast<std::uint32_t>(loop.chip)});
  cosim::StagedChip staged(chip, network, data, card.calibration_images);
  const std::size_t images = data.train.size();
  const std::size_t train = staged.add({.set = data.train,
                                        .images = images,
                                        .first_number = std::uint64_t{1} << 32,
                                        .views = 1,
                                        .draw = {loop.training.augment, card.seed, 0}});
  const std::size_t none = staged.add({.set = data.validation, .images = 0, .first_number = 0});
  const std::vector<int> layers = nn::weight_nodes(network.graph());
  for (std::uint64_t stage = 0; stage < layers.size(); ++stage) {
    staged.advance(nn::cut_behind(network.graph(), std::span(layers).first(stage + 1)),
                   no_progress());
    const nn::MeasuredPart measured{.cut = staged.cut(),
                                    .train = staged.values(train),
                                    .validation = staged.values(none),
                                    .views = 1,
                                    .seed = card.seed};
    const std::vector<bool> trained = nn::trained_parameters(network, &measured.cut);
    if (std::find(trained.begin(), trained.end(), true) == trained.end()) continue;
    const std::uint64_t seed = card.seed + ((stage + 1) << 32);
    nn::train(network, data, {loop.training, seed}, {.measured = &measured});
  }
}

TEST_F(InTheLoop, EveryStageIsATrainingOfTheRestWithASeedOfItsOwn) {
  const Experiment card = loop_experiment(
      {"dataset.train_limit=300", "dataset.test_limit=20", "dataset.validation=0",
       "teacher.epochs=1", "in_the_loop.epochs=1", "in_the_loop.weight_noise=0.05"});
  Experiment plain = card;
  plain.loop.reset();
  plain.keys.student += "/plain";
  Workbench workbench;
  const auto data = workbench.dataset(card);
  const auto trained = workbench.student(plain);
  const auto core = make_chips(card.hardware.core, {});
  const auto tuned = copy_of(*trained->network, card), by_hand = copy_of(*trained->network, card);
  const LoopResult loop = fine_tune_in_the_loop(*tuned, *data, card, {.core = *core});
  fine_tune_by_hand(*by_hand, *data, card, *core);
  EXPECT_GT(loop.stages.at(1).kept_epoch, 0) << "the second stage must have left its mark";
  const nn::Weights got = nn::weights_of(*tuned), expected = nn::weights_of(*by_hand);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(got[i].values, expected[i].values) << got[i].name;
}

TEST_F(InTheLoop, WhatIsResumedBeginsWithTheWeightsOfTheStageBefore) {
  // Without images to choose by, every stage keeps what it trained.
  const Experiment card =
      loop_experiment({"dataset.train_limit=300", "dataset.test_limit=20", "dataset.validation=0",
                       "teacher.epochs=1", "in_the_loop.epochs=2"});
  Workbench straight;
  const auto whole = straight.student(card);
  ASSERT_GT(whole->loop->stages.at(0).kept_epoch, 0);
  const nn::Weights expected = nn::weights_of(*whole->network);
  const std::string folder = scratch_folder("loop"), file = folder + "/c.h5";
  {
    Workbench first;
    first.keep_checkpoints(card, file);
    first.teacher(card);
  }
  {
    EndsDuring sink("train", 14);  // five batches an epoch, two epochs a stage: in the second stage
    Workbench cut(sink);
    cut.keep_checkpoints(card, file);
    EXPECT_THROW(cut.student(card), Failure);
  }
  Workbench rest;
  rest.keep_checkpoints(card, file);
  const auto resumed = rest.student(card);
  EXPECT_GE(resumed->loop->resumed, 1);
  const nn::Weights got = nn::weights_of(*resumed->network);
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(got[i].values, expected[i].values) << got[i].name;
  fs::remove_all(folder);
}

TEST_F(InTheLoop, AStateComesBackAsItWasKept) {
  LoopState state{.identity = "a card", .result = {}, .weights = {{"a", {1, 2}}, {"b", {3}}}};
  state.result.stages = {{.layers = 2, .before = 0.25, .after = 0.5, .kept_epoch = 3},
                         {.layers = 4, .before = 0.375, .after = 0.875, .kept_epoch = 1}};
  state.result.validation_before = 0.125;
  state.result.test_before = 0.0625;
  const std::string folder = scratch_folder("loop_state"), file = folder + "/s.h5";
  save_loop_state(file, state);
  const LoopState found = load_loop_state(file, "a card");
  EXPECT_THROW(load_loop_state(file, "another"), Error);
  fs::remove_all(folder);
  EXPECT_EQ(found.result.validation_before, 0.125);
  EXPECT_EQ(found.result.test_before, 0.0625);
  ASSERT_EQ(found.result.stages.size(), 2U);
  for (std::size_t s = 0; s < 2; ++s) {
    const LoopStage &one = found.result.stages[s], &other = state.result.stages[s];
    EXPECT_EQ(one.layers, other.layers) << s;
    EXPECT_EQ(one.before, other.before) << s;
    EXPECT_EQ(one.after, other.after) << s;
    EXPECT_EQ(one.kept_epoch, other.kept_epoch) << s;
  }
  ASSERT_EQ(found.weights.size(), 2U);
  for (const nn::NamedValues& kept : state.weights) {
    const auto same = [&](const nn::NamedValues& one) {
      return one.name == kept.name && one.values == kept.values;
    };
    EXPECT_TRUE(std::any_of(found.weights.begin(), found.weights.end(), same)) << kept.name;
  }
}

TEST_F(InTheLoop, RefusesWhatCannotBe) {
  EXPECT_THROW(loop_experiment({"in_the_loop.noise_aware=true"}), Error);
  EXPECT_THROW(loop_experiment({"in_the_loop.chip=-1"}), Error);
  EXPECT_THROW(loop_experiment({"in_the_loop.group=0"}), Error);
  EXPECT_THROW(loop_experiment({"in_the_loop.chipp=1"}), Error);
  EXPECT_THROW(loop_experiment({"recalibrate_statistics=10", "chips=0"}), Error);
  Workbench workbench;
  const Experiment no_norms =
      loop_experiment({"model=mlp", "recalibrate_statistics=10", "in_the_loop=null",
                       "teacher.epochs=0", "dataset.train_limit=100", "chips=1"});
  EXPECT_THROW(run_experiment(no_norms, workbench), Error);
}

TEST_F(InTheLoop, StatisticsOfEachChipStandBesideThoseThatCameWithTheNetwork) {
  const std::vector<std::string> settings{"in_the_loop=null", "chips=2"};
  Workbench workbench;
  const RunResult without = run_experiment(loop_experiment(settings), workbench);
  std::vector<std::string> more = settings;
  more.emplace_back("recalibrate_statistics=200");
  const Experiment card = loop_experiment(more);
  const RunResult with = run_experiment(card, workbench);
  EXPECT_EQ(with.accuracy->own.chips, without.accuracy->own.chips);
  EXPECT_EQ(with.accuracy->own.source, without.accuracy->own.source);
  ASSERT_EQ(with.accuracy->own.retaken.size(), 2u);
  // A systematic error of a layer's outputs is what statistics can take out again.
  EXPECT_GT(with.accuracy->over_retaken.mean, with.accuracy->over_chips.mean + 4 * 0.025)
      << "standard error of the difference of two chips on 400 images each";
  const Json json = to_json(with)["accuracy"];
  EXPECT_EQ(json["chips_retaken"]["each"].size(), 2u);
  EXPECT_FALSE(to_json(without)["accuracy"].contains("chips_retaken"));
  const Labelled data = to_labelled(with, card);
  EXPECT_EQ(std::get<std::vector<double>>(data.variable("accuracy_chip_retaken")->values).size(),
            2u);
}

}  // namespace
}  // namespace lightloom::experiments

#include "experiments/studies/run_experiment.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/error.hpp"
#include "core/progress.hpp"
#include "experiments/cards/derived_cards.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/onnx/check.hpp"
#include "nn/onnx/export.hpp"
#include "nn/train/train.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

/// A whole experiment that takes a second or two: few images, two chips with every kind of noise.
const std::string small =
    "dataset: {name: glyphs, train_limit: 400, test_limit: 100}\nmodel: {name: cnn3}\n"
    "teacher: {epochs: 1}\ntrain: {epochs: 1, distill: true}\n"
    "weights: {source: multilevel, intra: 2, cross: 8, bits: {basis: 4, intra: 4, cross: 4}, "
    "activations: 8}\n"
    "core: {card: data/devices/mrr-bank.yaml, rows: 32, columns: 32, programming_sigma_rad: "
    "0.001}\n"
    "generator: data/generators/photonic.yaml\nmemory: data/memory/lpddr4-edge.yaml\nchips: "
    "2\nseed: 5\n";

Experiment small_experiment(const std::vector<std::string>& settings = {}) {
  const std::string place = LIGHTLOOM_SOURCE_DIR "/small.yaml";
  Tree card = Tree::mapping();
  const Tree text = parse_yaml(small, place);
  for (const auto& [key, value] : text.pairs) set_at(card, key, value, place);
  for (const std::string& setting : settings) apply_setting(card, setting, place);
  return read_experiment(card);
}

const std::vector<double>& numbers(const Labelled& data, const char* name) {
  return std::get<std::vector<double>>(data.variable(name)->values);
}

/// Equal, not-a-numbers too.
bool equal_to_the_bit(const Values& first, const Values& second) {
  const auto* a = std::get_if<std::vector<double>>(&first);
  const auto* b = std::get_if<std::vector<double>>(&second);
  if (a == nullptr || b == nullptr) return first == second;
  return std::equal(a->begin(), a->end(), b->begin(), b->end(), [](double one, double other) {
    return one == other || (std::isnan(one) && std::isnan(other));
  });
}

bool same_weights(nn::Network& first, nn::Network& second) {
  const nn::Weights one = nn::weights_of(first), other = nn::weights_of(second);
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const nn::NamedValues& a, const nn::NamedValues& b) {
                      return a.name == b.name && a.values == b.values;
                    });
}

TEST(Run, TrainingGoesOnFromTrainedWeightsAndNeedsNoFloatNetworkForIt) {
  const std::string folder = scratch_folder("go_on");
  const std::string file = "train.file=" + folder + "/w.h5";
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  Workbench first;
  const auto begun = first.student(small_experiment());
  nn::save_weights(folder + "/w.h5", *begun->network);
  // No epochs: the weights as they are, and nobody trained a float network to say what it reaches.
  const Experiment as_it_is = small_experiment({file, "train.epochs=0", "chips=0"});
  EXPECT_FALSE(as_it_is.training.needs_teacher());
  EXPECT_TRUE(small_experiment({file}).training.needs_teacher()) << "to distil";
  Workbench idle;
  EXPECT_TRUE(same_weights(*idle.student(as_it_is)->network, *begun->network));
  EXPECT_FALSE(run_experiment(as_it_is, idle).accuracy->float_network.has_value());
  // Epochs: those of a training that somebody begins there by hand.
  const Experiment on = small_experiment({file});
  Workbench more;
  const auto trained = more.student(on);
  nn::train(*begun->network, *more.dataset(on), {on.training.student, on.seed},
            {.teacher = more.teacher(on)->network.get()});
  EXPECT_TRUE(same_weights(*trained->network, *begun->network));
  ASSERT_EQ(trained->history.epochs.size(), 1U);
  omp_set_num_threads(threads);
  fs::remove_all(folder);
}

TEST(Run, BaselinesDoNotBeginWithWeightsOfTheCardsSource) {
  const Experiment card =
      small_experiment({"train.file=w.h5", "baselines=[{source: integer, bits: 8}]"});
  EXPECT_EQ(card.training.student_file, "w.h5");
  EXPECT_EQ(with_baseline(card, 0).training.student_file, "");
}

TEST(Run, GivesTheSameBitsOnOneAndTwoThreadsForGivenWeights) {
  const std::string folder = scratch_folder("run");
  const int threads = omp_get_max_threads();
  Workbench first;
  nn::save_weights(folder + "/w.h5", *first.student(small_experiment())->network);
  const Experiment card = small_experiment({"weights.file=" + folder + "/w.h5"});
  std::vector<Labelled> results;
  for (const int count : {1, 2, 2}) {
    omp_set_num_threads(count);
    Workbench workbench;
    results.push_back(to_labelled(run_experiment(card, workbench), card));
  }
  omp_set_num_threads(threads);
  fs::remove_all(folder);
  for (std::size_t i = 1; i < results.size(); ++i) {
    ASSERT_EQ(results[i].variables.size(), results[0].variables.size());
    for (const Variable& variable : results[0].variables) {
      const auto& again = results[i].variable(variable.name)->values;
      EXPECT_TRUE(equal_to_the_bit(variable.values, again)) << variable.name;
    }
  }
}

TEST(Run, ChipsDifferAndAQuietChipWithEnoughBitsEqualsTheDigitalNetwork) {
  Workbench workbench;
  const auto noisy = run_experiment(
      small_experiment({"core.phase_sigma_rad=0.02", "measure=[accuracy]"}), workbench);
  EXPECT_NE(noisy.accuracy->chips[0].counts.realisation.squared_error,
            noisy.accuracy->chips[1].counts.realisation.squared_error);
  const auto quiet =
      run_experiment(small_experiment({"core={kind: ideal, rows: 32, columns: 32}",
                                       "generator={kind: electronic}", "measure=[accuracy]"}),
                     workbench);
  for (const ChipResult& chip : quiet.accuracy->chips)
    EXPECT_EQ(chip.accuracy, quiet.accuracy->source);
}

TEST(Run, SeedsTrainAnewOnTheSameImagesAndLeaveTheFirstAsItIs) {
  const std::vector<std::string> less{"measure=[accuracy]", "baselines=[]",
                                      "dataset.train_limit=200"};
  Workbench workbench;
  const Experiment alone = small_experiment(less);
  std::vector<std::string> more = less;
  more.emplace_back("seeds=2");
  const Experiment twice = small_experiment(more);
  const AccuracyResult one = *run_experiment(alone, workbench).accuracy;
  const RunResult two = run_experiment(twice, workbench);
  const AccuracyResult& both = *two.accuracy;
  EXPECT_EQ(both.own.source, one.own.source);
  EXPECT_EQ(both.own.chips, one.own.chips);
  ASSERT_EQ(both.retrained.size(), 1u);
  EXPECT_NE(both.retrained[0].source, one.own.source);
  EXPECT_EQ(both.retrained[0].seed, 6u);
  EXPECT_EQ(both.retrained[0].chips.size(), 2u);
  EXPECT_EQ(both.chips_intervals->trainings, 2);
  EXPECT_TRUE(both.chips_intervals->other_trainings.known());
  EXPECT_FALSE(one.chips_intervals->other_trainings.known());
  // Whoever asks first, a retrained network sees the card's images.
  Workbench fresh;
  EXPECT_EQ(fresh.shared_images(retrained(twice, 1)).fingerprint, one.images.fingerprint);
  // By another seed alone the generated images are others: nothing to compare.
  std::vector<std::string> other = less;
  other.emplace_back("seed=6");
  const AccuracyResult elsewhere = *run_experiment(small_experiment(other), workbench).accuracy;
  EXPECT_NE(elsewhere.images.fingerprint, one.images.fingerprint);
  EXPECT_NE(elsewhere.own.source, both.retrained[0].source);
  const Json json = to_json(two)["accuracy"];
  EXPECT_EQ(json["seeds"].size(), 2u);
  EXPECT_EQ(json["seeds"][1]["seed"], 6u);
  const Labelled data = to_labelled(two, twice);
  EXPECT_EQ(numbers(data, "accuracy_training_chip").size(), 4u);
  EXPECT_EQ(numbers(data, "accuracy_training_chip")[0], numbers(data, "accuracy_chip")[0]);
  EXPECT_THROW(small_experiment({"seeds=2", "weights.file=w.h5"}), Error);
}

TEST(Run, BaselinesAreTrainedAndTestedAsTheirOwnCardsWouldBeAndComparedInPairs) {
  const std::vector<std::string> less{"dataset.train_limit=1200", "teacher.epochs=2",
                                      "train.epochs=0", "core.phase_sigma_rad=0.05"};
  std::vector<std::string> settings = less;
  settings.insert(settings.end(), {"measure=[accuracy, baselines]",
                                   "baselines=[{source: integer, bits: 8}, {source: dense}]"});
  Workbench workbench;
  const Experiment card = small_experiment(settings);
  const RunResult result = run_experiment(card, workbench);
  const AccuracyResult& accuracy = *result.accuracy;
  settings = less;
  settings.insert(settings.end(), {"weights={source: integer, bits: 8}", "measure=[accuracy]"});
  const AccuracyResult own = *run_experiment(small_experiment(settings), workbench).accuracy;
  ASSERT_EQ(accuracy.baselines.size(), 2u);
  EXPECT_EQ(accuracy.baselines[0].label, "int8");
  EXPECT_EQ(accuracy.baselines[0].outcomes.source, own.own.source);
  EXPECT_EQ(accuracy.baselines[0].outcomes.chips, own.own.chips);
  // float, chips, and two baselines digitally and on chips.
  ASSERT_EQ(accuracy.comparisons.size(), 6u);
  const Comparison& digital = accuracy.comparisons[2];
  EXPECT_EQ(digital.second, "int8");
  EXPECT_EQ(digital.difference.value, accuracy.source - own.source);
  const Discordant counts = discordant(accuracy.own.source, own.own.source);
  EXPECT_EQ(digital.difference.p, mcnemar_p(counts));
  const Comparison& on_chips = accuracy.comparisons[3];
  EXPECT_TRUE(on_chips.on_chips);
  EXPECT_NEAR(on_chips.difference.value, accuracy.over_chips.mean - own.over_chips.mean, 1e-12);
  EXPECT_NE(accuracy.own.chips, own.own.chips);
  EXPECT_EQ(on_chips.difference.chips, 2u);
  EXPECT_EQ(on_chips.difference.counts.only_first,
            discordant(accuracy.own.chips[0], own.own.chips[0]).only_first +
                discordant(accuracy.own.chips[1], own.own.chips[1]).only_first);
  EXPECT_EQ(on_chips.difference.counts.only_second,
            discordant(accuracy.own.chips[0], own.own.chips[0]).only_second +
                discordant(accuracy.own.chips[1], own.own.chips[1]).only_second);
  // Dense weights of the float network are the float network.
  EXPECT_EQ(accuracy.comparisons[4].difference.value, accuracy.comparisons[0].difference.value);
  const Labelled data = to_labelled(result, card);
  EXPECT_TRUE(std::isnan(numbers(data, "accuracy_gain")[0]));
  EXPECT_EQ(numbers(data, "accuracy_gain")[1], digital.difference.value);
  EXPECT_EQ(numbers(data, "accuracy_by_source")[1], own.source);
  EXPECT_EQ(numbers(data, "accuracy_chips_gain_p")[2], accuracy.comparisons[5].difference.p);
}

TEST(Run, AFileHoldsWhichImageIsRightAndTheNumbersFollowFromIt) {
  Workbench workbench;
  const Experiment card = small_experiment(
      {"measure=[accuracy]", "dataset.train_limit=200", "chips=4", "core.phase_sigma_rad=0.02"});
  const RunResult result = run_experiment(card, workbench);
  const Labelled data = to_labelled(result, card);
  const auto& words = std::get<std::vector<std::int64_t>>(data.variable("outcomes_chip")->values);
  ASSERT_EQ(words.size(), 4u * 3);  // 100 test images in words of 48
  for (std::size_t chip = 0; chip < 4; ++chip) {
    const std::vector<double> row(words.begin() + static_cast<std::ptrdiff_t>(3 * chip),
                                  words.begin() + static_cast<std::ptrdiff_t>(3 * chip + 3));
    const Outcomes outcomes = outcomes_of_words(row, 100);
    EXPECT_EQ(accuracy_of(outcomes), numbers(data, "accuracy_chip")[chip]);
    EXPECT_EQ(other_images(outcomes).low, numbers(data, "accuracy_chip_low")[chip]);
  }
  const Json chips = to_json(result)["accuracy"]["intervals"]["chips"];
  EXPECT_EQ(chips["together"][0], numbers(data, "accuracy_chips_together_low")[0]);
  const std::string text = to_text(result);
  for (const char* said : {"these 4 chips, other images", "one chip more, these images",
                           "chips - regenerated", "regenerated - float"})
    EXPECT_NE(text.find(said), std::string::npos) << said;
}

TEST(Run, AddsUpTimeAndEnergyOverLayersStagesAndComponents) {
  const Experiment card = small_experiment({"measure=[cost]"});
  Workbench workbench;
  const Labelled data = to_labelled(run_experiment(card, workbench), card);
  const auto sources = size_of(data.axis("source")->values);
  ASSERT_EQ(sources, 6u);
  for (const auto& [parts, total] :
       {std::pair{"time_parts", "time"}, std::pair{"energy_parts", "energy"},
        std::pair{"layer_time", "time"}, std::pair{"layer_energy", "energy"},
        std::pair{"time_by_source", "time"}, std::pair{"energy_by_source", "energy"}}) {
    const auto& all = numbers(data, parts);
    const std::size_t each = all.size() / sources;
    for (std::size_t i = 0; i < sources; ++i) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i * each);
      const double sum = std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(each), 0.0);
      EXPECT_NEAR(sum, numbers(data, total)[i], 1e-12 * static_cast<double>(each) * sum)
          << parts << " of source " << i;
    }
  }
}

TEST(Run, ComparesWithIntegersAndDenseWhenTheCardNamesNoBaseline) {
  EXPECT_EQ(source_labels(small_experiment().network),
            (std::vector<std::string>{"multilevel", "int8", "int4", "int3", "int2", "dense"}));
  EXPECT_EQ(source_labels(small_experiment({"baselines=[]"}).network),
            std::vector<std::string>{"multilevel"});
  EXPECT_EQ(source_labels(small_experiment({"baselines=[{source: dense, label: stored}, {source: "
                                            "multilevel, intra: 2, cross: 4}]"})
                              .network),
            (std::vector<std::string>{"multilevel", "stored", "multilevel (2)"}));
}

TEST(Run, PointsThatShareATrainingShareIt) {
  Workbench workbench;
  const auto student = workbench.student(small_experiment());
  EXPECT_EQ(workbench.student(small_experiment({"core.phase_sigma_rad=0.5", "chips=7"})), student);
  EXPECT_NE(workbench.student(small_experiment({"weights.bits.basis=5"})), student);
  EXPECT_EQ(workbench.teacher(small_experiment({"weights.bits.basis=5"})),
            workbench.teacher(small_experiment()));
  EXPECT_NE(workbench.teacher(small_experiment({"seed=6"})), workbench.teacher(small_experiment()));
}

/// Points side by side may have 64 networks in hand and more.
TEST(Run, LayersStayWhileThoseOfManyOthersAreAskedFor) {
  Workbench bench;
  const auto of_rank = [](int rank) {
    return small_experiment({fmt::format("weights.cross={}", rank)});
  };
  const Workbench::LayersPtr layers = bench.layers(of_rank(1));
  const Workbench::RatiosPtr ratios = bench.ratios(of_rank(1));
  for (int rank = 2; rank < 70; ++rank) {
    bench.layers(of_rank(rank));
    bench.ratios(of_rank(rank));
  }
  EXPECT_TRUE(*layers == *bench.layers(of_rank(1)));
  EXPECT_EQ(ratios->front().memory_bits, bench.ratios(of_rank(1))->front().memory_bits);
  EXPECT_LT(ratios->front().memory_bits, bench.ratios(of_rank(2))->front().memory_bits);
  EXPECT_EQ(ratios->size(), layers->size());
}

TEST(Run, ReadsANetworkFileOnce) {
  if (!nn::onnx::available()) GTEST_SKIP() << "built without ONNX";
  const std::string folder = scratch_folder("network_file"), file = folder + "/net.onnx";
  {
    Workbench workbench;
    nn::onnx::export_network(
        file,
        *workbench.student(small_experiment({"teacher.epochs=0", "train.epochs=0"}))->network);
  }
  const Experiment card =
      small_experiment({"model=" + file, "teacher=null", "weights={source: dense}",
                        "train.epochs=0", "train.distill=false"});
  Workbench workbench;
  EXPECT_FALSE(workbench.graph(card)->nodes.empty());
  fs::remove_all(folder);  // whoever reads it again fails
  const RunResult result = run_experiment(card, workbench);
  EXPECT_TRUE(result.cost.has_value());
  EXPECT_EQ(result.accuracy->float_network, result.accuracy->source);
}

TEST(Run, ATeacherLearnsAsTheCardTrainsUnlessItSaysOtherwise) {
  const Experiment card = read_experiment(
      parse_yaml("train: {epochs: 7, rate: 0.01, distill: true}\nteacher: {rate: 0.5}", "t"));
  EXPECT_EQ(card.training.teacher.epochs, 7);
  EXPECT_EQ(card.training.teacher.schedule.rate, 0.5);
  EXPECT_FALSE(card.training.teacher.distill);
  EXPECT_TRUE(card.training.student.distill);
}

TEST(Run, SpreadIsTheSamplesAndItsIntervalThatOfStudent) {
  const Spread spread = spread_of({0.90, 0.92, 0.94});
  EXPECT_NEAR(spread.mean, 0.92, 1e-15);
  EXPECT_NEAR(spread.standard_deviation, 0.02, 1e-15);
  EXPECT_NEAR(spread.high - spread.mean, 4.302652729749464 * 0.02 / std::sqrt(3.0),
              1e-12);  // t(0.975, 2)
  EXPECT_NEAR(spread.mean - spread.low, spread.high - spread.mean, 1e-15);
  EXPECT_TRUE(std::isnan(spread_of({0.5}).standard_deviation));
  EXPECT_TRUE(std::isnan(spread_of({}).mean));
}

/// Cancels as soon as it is told of `steps` steps of training.
class Impatient : public ProgressSink {
 public:
  explicit Impatient(int steps) : steps_(steps) {}
  void report(const ProgressReport&) override { --steps_; }
  [[nodiscard]] bool cancelled() const override { return steps_ <= 0; }

 private:
  int steps_;
};

TEST(Run, AnInterruptedTrainingNamesItsCheckpointOnlyWhereThereIsOne) {
  const std::string folder = scratch_folder("interrupted"), path = folder + "/c.h5";
  const Experiment card = small_experiment();
  Impatient at_once(0);
  Workbench workbench(at_once);
  workbench.keep_checkpoints(card, path);
  try {
    (void)workbench.teacher(card);
    FAIL() << "trained on";
  } catch (const Failure& failure) {
    const std::string said = failure.what();
    EXPECT_EQ(said.find(path), std::string::npos) << said;
    EXPECT_NE(said.find("begins it anew"), std::string::npos) << said;
  }
  EXPECT_FALSE(fs::exists(path + ".float"));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace lightloom::experiments

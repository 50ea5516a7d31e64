// Correctors of a card's chips, from a card to the object that `lightloom correct` prints.
#include "experiments/studies/correction/correction_study.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "experiments/studies/accuracy/calibrated_chips.hpp"
#include "experiments/studies/accuracy/chip_accuracy.hpp"
#include "experiments/studies/correction/correction_output.hpp"
#include "experiments/studies/costs/cost_study.hpp"
#include "nn/network/network.hpp"

namespace lightloom::experiments {
namespace {

/// Digits on chips whose rings are always off in the same way.
const std::string correction_text_of_card =
    "dataset: {name: glyphs, train_limit: 1500, test_limit: 500}\nmodel: {name: cnn3}\n"
    "weights: {source: dense}\nteacher: {epochs: 6, rate: 0.005}\ntrain: {epochs: 0}\n"
    "core: {card: data/devices/mrr-bank.yaml, rows: 32, columns: 32, phase_sigma_rad: 0.008}\n"
    "correct: {images: 256, ranks: [2], verify: {shares: [0.05, 1], tolerance: 0, images: 128}}\n"
    "baselines: []\nchips: 2\nseed: 5\n";

Experiment correction_experiment(const std::vector<std::string>& settings = {}) {
  const std::string place = LIGHTLOOM_SOURCE_DIR "/correct.yaml";
  Tree card = Tree::mapping();
  for (const auto& [key, value] : parse_yaml(correction_text_of_card, place).pairs)
    set_at(card, key, value, place);
  for (const std::string& setting : settings) apply_setting(card, setting, place);
  return read_experiment(card);
}

const CorrectorResult& named(const CorrectionStudy& study, const std::string& name) {
  for (const CorrectorResult& one : study.correctors)
    if (one.name == name) return one;
  throw Error("no corrector " + name);
}

TEST(CorrectionStudy, BringsBackWhatIsFrozenAndOnAnotherChipDoesNot) {
  const Experiment card =
      correction_experiment({"correct.correctors=[gain, pointwise]", "correct.tune.correctors=[]"});
  Workbench workbench;
  const CorrectionStudy study = correct_chips(card, workbench, no_progress());
  ASSERT_EQ(study.none.size(), 2u);
  const auto trained = workbench.student(card);
  const auto core = make_chips(card.hardware.core, {});
  for (int chip = 0; chip < 2; ++chip)
    EXPECT_EQ(study.none[static_cast<std::size_t>(chip)],
              evaluate_chip(*trained->network, *workbench.dataset(card),
                            {.core = *core,
                             .generator = card.hardware.generator,
                             .seed = card.seed,
                             .images = card.calibration_images,
                             .first = chip},
                            workbench.dataset(card)->test)
                  .accuracy);
  ASSERT_GT(study.digital - 0.5 * (study.none[0] + study.none[1]), 0.1) << "chips lose enough";
  const auto share = [&](const char* name) { return study.recovered(named(study, name).accuracy); };
  // Standard error of a mean over 2 x 500 images: below 0.016, of a share of a gap above 0.1: 0.16.
  EXPECT_GT(share("pointwise"), 0.5);
  EXPECT_GT(share("pointwise"), share("gain"));
  EXPECT_GT(share("verify_1"), 0.8) << "no static error is left";
  EXPECT_GT(share("verify_1"), share("verify_0.05"));
  const CorrectorResult& pointwise = named(study, "pointwise");
  ASSERT_EQ(pointwise.foreign.size(), 1u);
  EXPECT_LT(pointwise.foreign[0], pointwise.accuracy[1] - 4 * 0.022);
  for (std::size_t l = 0; l < study.layers.size(); ++l)
    EXPECT_LT(pointwise.errors[l].after, pointwise.errors[l].before) << study.layers[l];
}

TEST(CorrectionStudy, CountsNumbersWorkWritesAndWhatTheyCost) {
  const Experiment card =
      correction_experiment({"dataset.train_limit=400", "dataset.test_limit=50", "teacher.epochs=1",
                             "correct.tune.epochs=0", "chips=1"});
  Workbench workbench;
  const CorrectionStudy study = correct_chips(card, workbench, no_progress());
  const auto& layers = workbench.student(card)->network->weight_layers();
  std::int64_t outputs = 0, squares = 0, widest = 0, adapters = 0, macs = 0, weights = 0;
  for (const nn::WeightLayer& layer : layers) {
    const std::int64_t out = layer.shape.out_channels;
    outputs += out;
    squares += out * out;
    widest = std::max(widest, out * out);
    adapters += 2 * (out + layer.shape.matrix_columns());
    macs += out * out * layer.shape.positions();
    weights += layer.shape.weights();
  }
  EXPECT_EQ(named(study, "gain").stored_numbers, 2 * outputs);
  EXPECT_EQ(named(study, "interleave_4").stored_numbers, 4 * outputs);
  EXPECT_LE(named(study, "pointwise").stored_numbers, squares);
  EXPECT_LE(named(study, "low_rank_output_2").stored_numbers, 4 * outputs);
  EXPECT_LE(named(study, "low_rank_input_2").stored_numbers, adapters);
  EXPECT_EQ(named(study, "shared").stored_numbers, widest);
  EXPECT_EQ(named(study, "shared").work.multiplies, macs);
  EXPECT_EQ(named(study, "shared_tuned").stored_numbers, widest);
  EXPECT_EQ(named(study, "verify_0.05").verified_writes,
            std::llround(0.05 * static_cast<double>(weights)));
  EXPECT_EQ(named(study, "verify_1").verified_writes, weights);

  const CostStudy plain = study_cost(card.network, card.hardware, *workbench.layers(card));
  EXPECT_EQ(study.energy_J, plain.steady[0].energy_J());
  const CorrectorResult& shared = named(study, "shared");
  // Energy: of the exact operations, and of nothing else but a time that it may stretch.
  const double operations =
      1e-12 * (static_cast<double>(shared.work.multiplies) * card.hardware.digital.multiply_pJ +
               static_cast<double>(shared.work.adds) * card.hardware.digital.add_pJ);
  EXPECT_GE(shared.added_energy_J, 0.999 * operations);
  EXPECT_GE(shared.added_time_s, 0);
  EXPECT_EQ(named(study, "verify_1").added_energy_J, 0);

  const Json json = correction_json(study, card);
  for (const char* key : {"accuracy", "recovered_share", "stored_numbers", "verified_writes"})
    EXPECT_TRUE(json["correctors"]["pointwise"].contains(key)) << key;
  EXPECT_NE(correction_text(study, card).find("shared_tuned"), std::string::npos);
}

TEST(CorrectionStudy, RefusesWhatItCannotCorrect) {
  EXPECT_THROW(correction_experiment({"correct.correctors=[gain, glue]"}), Error);
  EXPECT_THROW(
      correction_experiment({"correct.tune.correctors=[gain]", "correct.correctors=[shared]"}),
      Error);
  EXPECT_THROW(correction_experiment({"correct.ranks=[0]"}), Error);
  Workbench workbench;
  EXPECT_THROW(correct_chips(correction_experiment({"chips=0", "dataset.train_limit=50"}),
                             workbench, no_progress()),
               Error);
  EXPECT_THROW(correct_chips(correction_experiment({"seeds=2", "dataset.train_limit=50"}),
                             workbench, no_progress()),
               Error);
}

}  // namespace
}  // namespace lightloom::experiments

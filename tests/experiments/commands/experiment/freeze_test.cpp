// `train.freeze` through the program: what it costs and saves, refused and taken up again.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files/labelled.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string freeze_card =
    "name: c\ndataset: {name: glyphs, train_limit: 200, test_limit: 20, validation: 0.1}\n"
    "model: cnn3\nweights: {source: integer, bits: 8}\nmeasure: [accuracy]\nchips: 0\n"
    "teacher: {epochs: 1}\n"
    "train: {epochs: 3, batch: 50, freeze: {layers: 2, epoch: 2, bits: 8}}\nseed: 3\n";

class FreezeCommand : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_folder("freeze");
    std::ofstream(folder_ + "/card.yaml") << freeze_card;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] Ran call(const std::string& command, const std::string& more = "") const {
    return run_shell(fmt::format("cd {} && OMP_NUM_THREADS=1 {} {} card.yaml --quiet {}", folder_,
                                 program(), command, more));
  }
  [[nodiscard]] std::string bytes(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string folder_;
};

// Products of the three convolutions of cnn3 on 28 x 28: maps of 13, 11 and 9.
constexpr std::int64_t conv1_macs = 25 * 32 * 169, conv2_macs = 25 * 1024 * 121,
                       conv3_macs = 25 * 1024 * 81;

TEST_F(FreezeCommand, RunAndTrainSayWhatLatentsCostAndSave) {
  const Ran ran = call("run", "--json -o r.h5 --report p.html");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  const json found = json::parse(ran.output)["freeze"];
  EXPECT_EQ(found["layers"], 2);
  EXPECT_EQ(found["of_layers"], 4);
  EXPECT_EQ(found["last"], "conv2");
  EXPECT_EQ(found["epoch"], 2);
  EXPECT_EQ(found["epochs"], 2);
  EXPECT_EQ(found["latent"], json::array({11, 11, 32}));
  EXPECT_EQ(found["images"], 180);
  EXPECT_EQ(found["image_bytes"], 784);
  EXPECT_EQ(found["latent_bytes"], 11 * 11 * 32 + 8);
  EXPECT_EQ(found["memory"]["cache_bytes"], 180 * 3880);
  EXPECT_EQ(found["memory"]["paid_bytes"], 180 * (3880 - 784)) << "latents are larger than images";
  EXPECT_LT(found["memory"]["gain"], 1);
  // 25 weights of each product of channels, two numbers a channel of both normalisations; RAdam.
  EXPECT_EQ(found["memory"]["optimiser_bytes"], 12 * (25 * 32 + 25 * 1024 + 2 * 64));
  EXPECT_EQ(found["memory"]["activation_bytes"], 50 * 4 * (784 + 169 * 32));
  EXPECT_EQ(found["work"]["forward_macs"], conv1_macs + conv2_macs);
  EXPECT_EQ(found["work"]["backward_macs"], conv1_macs + 2 * conv2_macs + conv3_macs);
  EXPECT_EQ(found["work"]["fill_macs"], 180 * (conv1_macs + conv2_macs));
  EXPECT_EQ(found["work"]["saved_macs"],
            180 * (2 * (2 * conv1_macs + 3 * conv2_macs + conv3_macs) - (conv1_macs + conv2_macs)));
  EXPECT_EQ(found["break_even_epoch"]["work"], 2) << "the first with frozen layers";
  EXPECT_GT(found["error"], 0.0);
  EXPECT_LT(found["error"], 0.02);
  const Labelled file = read_labelled(folder_ + "/r.h5");
  const auto number = [&](const char* name) {
    const Variable* variable = file.variable(name);
    return variable == nullptr ? -1.0 : std::get<std::vector<double>>(variable->values).at(0);
  };
  EXPECT_EQ(number("freeze_cache_bytes"), 180 * 3880);
  EXPECT_EQ(number("freeze_paid_bytes"), 180 * (3880 - 784));
  EXPECT_EQ(number("freeze_saved_macs"), found["work"]["saved_macs"].get<double>());
  EXPECT_EQ(number("freeze_break_even_epoch"), 2);

  const Ran trained = call("train", "--json -o w.h5");
  ASSERT_EQ(trained.code, 0) << trained.errors;
  EXPECT_EQ(json::parse(trained.output)["freeze"], found);
  const Ran text = call("train", "-o w.h5");
  for (const char* part : {"2 of 4 layers (up to conv2) frozen from epoch 2 on",
                           "the latents cost memory", "paid back in work by the end of epoch 2"})
    EXPECT_NE(text.output.find(part), std::string::npos) << part << "\n" << text.output;
  const Ran none = call("run", "--json -o r.h5 --set train.freeze=null");
  EXPECT_FALSE(json::parse(none.output).contains("freeze"));
}

TEST_F(FreezeCommand, BehindThePoolLatentsAreSmallerThanImages) {
  const Ran ran = call("train", "--json -o w.h5 --set train.freeze.layers=3");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  const json found = json::parse(ran.output)["freeze"];
  EXPECT_EQ(found["latent_bytes"], 3 * 3 * 32 + 8);
  EXPECT_EQ(found["memory"]["paid_bytes"], 180 * (296 - 784));
  EXPECT_GT(found["memory"]["gain"], 1);
  const Ran taught = call("train",
                          "--json -o w.h5 --set train.freeze.layers=3 "
                          "--set train.distill=true");
  EXPECT_EQ(json::parse(taught.output)["freeze"]["memory"]["paid_bytes"], 180 * 296)
      << "the network that teaches needs the images";
}

TEST_F(FreezeCommand, CheckTriesTheCardWithoutTrainingIt) {
  const Ran ran = call("check", "--json");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  EXPECT_EQ(json::parse(ran.output)["images"]["training"], 180);
}

TEST_F(FreezeCommand, GoesOnToTheSameBytesAfterAKill) {
  const std::string longer = "--json --set train.epochs=12 --set train.freeze.epoch=3 ";
  ASSERT_EQ(call("train", longer + "-o whole.h5").code, 0);
  run_shell(fmt::format(
      "cd {} && (OMP_NUM_THREADS=1 exec {} train card.yaml --quiet {} --checkpoint c.h5 -o cut.h5) "
      "& pid=$!; while [ ! -e {}/c.h5 ] && kill -0 $pid; do sleep 0.01; done; sleep 0.3; kill "
      "-KILL "
      "$pid; wait $pid",
      folder_, program(), longer, folder_));
  fs::remove(folder_ + "/cut.h5");
  const Ran rest = call("train", longer + "--checkpoint c.h5 -o cut.h5");
  ASSERT_EQ(rest.code, 0) << rest.errors;
  EXPECT_GE(json::parse(rest.output)["resumed_epochs"]["source"].get<int>(), 1);
  EXPECT_EQ(bytes("cut.h5"), bytes("whole.h5"));
}

TEST_F(FreezeCommand, RefusesInOneSentenceBeforeAnythingIsTrained) {
  const std::string forever = "--json -o w.h5 --set teacher.epochs=100000 ";
  for (const auto& [set, part] : std::vector<std::pair<std::string, std::string>>{
           {"train.freeze.layers=4", "of which the last must be left to train"},
           {"train.freeze.layers=0", "so that nothing is frozen"},
           {"'train.freeze={last: conv22}'", "did you mean 'conv2'?"},
           {"train.freeze.epoch=4", "'train.freeze.epoch' is 4, but the training ends after 3"},
           {"train.freeze.capacity_MiB=0 --set train.freeze.views=100000", "views"},
           {"train.noise_aware=true", "does not go with noise_aware"},
           {"'train.bit_errors={rate: 0.01}'", "does not go with bit_errors"},
           {"'teacher.freeze={layers: 1}'", "is for `train` alone"},
           {"'in_the_loop={freeze: {layers: 1}}'", "is for `train` alone"},
           {"'in_the_loop={distill: true, teacher_views: 1}'", "a stage has `views` of its own"},
           {"model=resnet20 --set train.freeze.layers=2", "where 2 tensors pass"}}) {
    const Ran ran = call("train", std::string(forever).append("--set ").append(set));
    EXPECT_EQ(ran.code, 2) << set << ran.errors;
    EXPECT_NE(ran.errors.find(part), std::string::npos) << set << "\n" << ran.errors;
    EXPECT_EQ(ran.output, "") << set;
  }
  const Ran room = call("train", forever +
                                     "--set train.freeze.capacity_MiB=1 --set "
                                     "dataset.train_limit=400");
  EXPECT_EQ(room.code, 2);
  EXPECT_NE(room.errors.find("would keep 360 latents of 3880 bytes, 1.3 MiB, but capacity_MiB is "
                             "1.0 MiB"),
            std::string::npos)
      << room.errors;
}

}  // namespace
}  // namespace lightloom::experiments

#include "experiments/studies/accuracy/image_use.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "nn/network/weights_file.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

nn::ImageSet images_from(int first, int count) {
  nn::ImageSet set{.image = {.height = 5, .width = 5, .channels = 1}, .pixels = {}, .labels = {}};
  for (int i = first; i < first + count; ++i) {
    for (int k = 0; k < 25; ++k)  // number i, then a pattern
      set.pixels.push_back(static_cast<std::uint8_t>(k == 0   ? i % 256
                                                     : k == 1 ? i / 256
                                                              : (i * 37 + k) % 251));
    set.labels.push_back(static_cast<std::uint16_t>(i % 3));
  }
  return set;
}

nn::Dataset parts(int train, int validation, int test) {
  return {.shape = {},
          .train = images_from(train, 40),
          .validation = images_from(validation, 10),
          .test = images_from(test, 20)};
}

Experiment experiment_of(const std::string& text) {
  return read_experiment(parse_yaml("{core: {kind: ideal}, " + text + "}", "card.yaml"));
}

std::vector<std::string> chosen(const std::string& text, const nn::Dataset& data) {
  return what_images_chose(experiment_of(text), shared_images(data));
}

/// Records of CIFAR-10: a label and 3072 pixels.
void write_records(const std::string& path, int first, int count) {
  std::ofstream file(path, std::ios::binary);
  for (int i = first; i < first + count; ++i) {
    file.put(static_cast<char>(i % 10));
    for (int k = 0; k < 3072; ++k) file.put(static_cast<char>((i * 91 + k * (1 + i % 7)) % 253));
  }
}

TEST(ImageUse, CountsSharedImagesByTheirPixels) {
  // Test images 30 to 49: ten train (0 to 39), five validate (45 to 54).
  const SharedImages shared = shared_images(parts(0, 45, 30));
  EXPECT_EQ(shared.test, 20u);
  EXPECT_EQ(shared.in_training, 10u);
  EXPECT_EQ(shared.in_validation, 5u);
  EXPECT_EQ(shared.training_places.size(), 10u);
  EXPECT_EQ(shared.training_places.front(), 30u);
}

TEST(ImageUse, TheFingerprintIsThatOfTestImagesLabelsAndOrder) {
  const auto fingerprint = [](const nn::Dataset& data) { return shared_images(data).fingerprint; };
  const nn::Dataset data = parts(0, 45, 100);
  EXPECT_EQ(fingerprint(data), fingerprint(parts(7, 60, 100)));
  EXPECT_NE(fingerprint(data), fingerprint(parts(0, 45, 101)));
  nn::Dataset other = data;
  std::swap(other.test.labels[0], other.test.labels[1]);
  EXPECT_NE(fingerprint(other), fingerprint(data));
  EXPECT_LT(fingerprint(data), std::uint64_t{1} << 52);
}

TEST(ImageUse, ACleanSplitChoosesNothing) {
  for (const char* card :
       {"teacher: {epochs: 3}, train: {epochs: 3}", "weights: {file: w.h5}",
        "teacher: {file: t.h5}, train: {epochs: 0}", "train: {epochs: 2, noise_aware: true}"})
    EXPECT_TRUE(chosen(card, parts(0, 45, 100)).empty()) << card;
}

TEST(ImageUse, TrainingImagesChooseWeightsWhereAnythingTrainsOrComesFromAFile) {
  const nn::Dataset shared = parts(0, 200, 30);  // test images 30 to 39 train
  const std::string found = "weights: 10 of 20 test images are training images";
  for (const char* card :
       {"teacher: {epochs: 1}, train: {epochs: 0}", "teacher: {epochs: 0}, train: {epochs: 1}",
        "weights: {file: w.h5}, train: {epochs: 0}",
        "model: net.onnx, teacher: {epochs: 0}, train: {epochs: 0}",
        "teacher: {file: t.h5}, train: {epochs: 0}"})
    EXPECT_EQ(chosen(std::string(card) + ", chips: 0", shared), std::vector<std::string>{found})
        << card;
  EXPECT_TRUE(chosen("teacher: {epochs: 0}, train: {epochs: 0}, chips: 0", shared).empty());
}

TEST(ImageUse, TwinsByNatureAreNoChoice) {
  nn::Dataset data = parts(0, 20000, 0);
  data.test = images_from(1000, 2000);
  data.train = images_from(2998, 40);  // two of two thousand
  const std::string card = "teacher: {epochs: 1}, chips: 0";
  EXPECT_TRUE(chosen(card, data).empty());
  data.train = images_from(2997, 40);
  EXPECT_EQ(chosen(card, data),
            std::vector<std::string>{"weights: 3 of 2000 test images are training images"});
}

TEST(ImageUse, ValidationImagesChooseOnlyAmongSeveralEpochs) {
  const nn::Dataset shared = parts(200, 45, 30);
  const std::string found = "the epoch kept: 5 of 20 test images are validation images";
  EXPECT_TRUE(chosen("teacher: {epochs: 1}, train: {epochs: 1}", shared).empty());
  EXPECT_EQ(chosen("teacher: {epochs: 1}, train: {epochs: 2}", shared),
            std::vector<std::string>{found});
  EXPECT_EQ(chosen("teacher: {epochs: 2}, train: {epochs: 0}", shared),
            std::vector<std::string>{found});
}

TEST(ImageUse, CalibrationImagesSetTheRangesOfConverters) {
  const nn::Dataset shared = parts(0, 200, 30);
  const std::string nothing = "teacher: {epochs: 0}, train: {epochs: 0}, ";
  const auto with = [&](const std::string& more) { return chosen(nothing + more, shared); };
  EXPECT_EQ(
      with("calibration_images: 32"),
      std::vector<std::string>{"converter ranges: 2 of 32 calibration images are test images"});
  EXPECT_TRUE(with("calibration_images: 30").empty());
  EXPECT_TRUE(with("calibration_images: 32, chips: 0").empty());
  // Where there are no training images, test images stand in for them.
  nn::Dataset only_test = parts(0, 200, 100);
  only_test.train = only_test.validation = images_from(0, 0);
  EXPECT_EQ(
      chosen(nothing + "calibration_images: 32", only_test),
      std::vector<std::string>{"converter ranges: 20 of 32 calibration images are test images"});
}

TEST(ImageUse, ACardCarriesWhatWasChosenBefore) {
  EXPECT_EQ(chosen("images_chose: ['settings per layer']", parts(0, 45, 100)),
            std::vector<std::string>{"settings per layer"});
  EXPECT_EQ(images_chose_text({"a", "b"}),
            "No accuracy on unseen images: the test images chose a; b.");
  EXPECT_EQ(images_chose_text({}), "");
}

TEST(ImageUse, ASearchByImagesThatTestIsMarkedAndOneByWeightsIsNot) {
  const Experiment card = experiment_of("images_chose: [before]");
  const auto by = [&](const nn::Dataset& data, SearchBy search) {
    return what_search_chose(card, shared_images(data), search);
  };
  const std::vector<std::string> before{"before"};
  EXPECT_EQ(by(parts(0, 45, 30), SearchBy::weights), before);
  EXPECT_EQ(by(parts(0, 200, 30), SearchBy::images), before);  // validation images are set aside
  EXPECT_EQ(by(parts(0, 45, 30), SearchBy::images).back(),
            "settings per layer: 5 of 20 test images are validation images");
  nn::Dataset no_validation = parts(0, 45, 30);
  no_validation.validation = images_from(0, 0);
  EXPECT_EQ(by(no_validation, SearchBy::images).back(),
            "settings per layer: 10 of 20 test images are training images");
}

TEST(ImageUse, ASearchedCardSaysWhatChoseIt) {
  const std::string folder = scratch_folder("searched");
  write_records(folder + "/data_batch_1.bin", 0, 60);
  const std::string sets = " --set 'dataset={name: cifar10, root: " + folder +
                           ", train: [data_batch_1.bin], test: [data_batch_1.bin]}' "
                           "--set teacher.epochs=0 --set train.epochs=0 ";
  const Ran searched = run_shell(
      program() + " search " LIGHTLOOM_SOURCE_DIR "/data/experiments/quickstart.yaml" + sets +
      "--sensitivity measured --images 8 --budget memory=0.1 --quiet "
      "--json -o " +
      folder + "/found.yaml");
  ASSERT_EQ(searched.code, 0) << searched.errors;
  const std::string said = "settings per layer: 6 of 60 test images are validation images";
  EXPECT_EQ(nlohmann::json::parse(searched.output)["images_chose"], nlohmann::json::array({said}));
  const Experiment found = read_experiment(load_card(folder + "/found.yaml", {}));
  EXPECT_EQ(found.images_chose, std::vector<std::string>{said});
  std::filesystem::remove_all(folder);
}

TEST(ImageUse, FilesReadTwiceAreFoundByName) {
  nn::DatasetCard card{.name = "cifar10", .root = "/nowhere", .test = {"data_batch_5.bin"}};
  EXPECT_EQ(files_in_several_parts(card).size(), 1u);  // the published training files have it
  card.train = {"data_batch_1.bin"};
  EXPECT_TRUE(files_in_several_parts(card).empty());
  card.validate = {"./data_batch_5.bin"};
  EXPECT_EQ(files_in_several_parts(card).size(), 1u);
  EXPECT_TRUE(files_in_several_parts({.name = "cifar10", .root = "/nowhere"}).empty());
  EXPECT_TRUE(files_in_several_parts({.name = "glyphs"}).empty());
}

TEST(ImageUse, ARunIsMarkedInFileJsonAndTextAndAListedTestFileIsFoundWithoutReadingTheOthers) {
  const std::string folder = scratch_folder("image_use");
  write_records(folder + "/data_batch_1.bin", 0, 60);
  write_records(folder + "/test_batch.bin", 100, 30);
  const auto run = [&](const std::string& test, const std::string& more) {
    const Experiment card = experiment_of("dataset: {name: cifar10, root: " + folder +
                                          ", train: [data_batch_1.bin], test: [" + test +
                                          "]}, teacher: {epochs: 1}, train: {epochs: 0}, measure: "
                                          "[accuracy]" +
                                          more);
    Workbench workbench;
    const RunResult result = run_experiment(card, workbench);
    const Labelled data = to_labelled(result, card);
    const bool in_file = data.attributes.count("images_chose") == 1;
    const bool in_json = !to_json(result)["images_chose"].empty();
    const bool in_text = to_text(result).find("No accuracy on unseen images") != std::string::npos;
    EXPECT_EQ(in_file, in_json);
    EXPECT_EQ(in_text, in_json);
    return result.accuracy->images_chose;
  };
  EXPECT_TRUE(run("test_batch.bin", "").empty());
  const auto marks = run("data_batch_1.bin", "");
  // 54 of the 60 images train (6 validate, by the default share of 0.1), and set the ranges.
  ASSERT_EQ(marks.size(), 2u);
  EXPECT_EQ(marks[0], "weights: 54 of 60 test images are training images");
  EXPECT_EQ(marks[1], "converter ranges: 54 of 64 calibration images are test images");
  // Weights from a file: no training image is read, the lists of files still tell.
  {
    Workbench workbench;
    const Experiment card = experiment_of("dataset: {name: cifar10, root: " + folder +
                                          ", train: [data_batch_1.bin], test: [test_batch.bin]}, "
                                          "teacher: {epochs: 0}, train: {epochs: 0}");
    nn::save_weights(folder + "/w.h5", *workbench.student(card)->network);
  }
  const std::string file = ", weights: {file: " + folder + "/w.h5}, chips: 0";
  EXPECT_EQ(run("data_batch_1.bin", file).size(), 1u);
  EXPECT_TRUE(run("test_batch.bin", file).empty());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lightloom::experiments

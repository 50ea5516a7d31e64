#include "nn/train/teacher.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <filesystem>
#include <numeric>

#include "core/cards/card.hpp"
#include "core/error.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/train/train.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn {
namespace {

Graph tiny_taught() {
  GraphBuilder net("tiny", {28, 28, 1});
  const int at = net.relu(
      net.batch_norm("bn", net.convolution("conv", 0, {.channels = 3, .kernel = 5, .stride = 4})));
  net.linear("fc", net.flatten(at), 10, true);
  return std::move(net).finish();
}

/// Counts how often a batch of the teacher's was begun.
class CountingSink : public ProgressSink {
 public:
  void report(const ProgressReport&) override {}
  [[nodiscard]] bool cancelled() const override { return ++asked < 0; }
  mutable int asked = 0;
};

class TeacherTest : public testing::Test {
 protected:
  void SetUp() override { omp_set_num_threads(1); }
  Dataset data_ =
      load_dataset({.name = "glyphs", .train_limit = 300, .test_limit = 2, .validation = 0}, 1);
  Network network_{tiny_taught(), {}, 3};

  Weights taught(const TrainCard& card, const std::string& checkpoint = {}) {
    Network student(tiny_taught(), {}, 7);
    train(student, data_, {card, 7}, {.teacher = &network_, .checkpoint = checkpoint});
    return weights_of(student);
  }
};

TEST_F(TeacherTest, AnswersEachViewOnceWithTheLogitsOfItsOwnPictures) {
  Teacher teacher(network_, data_.train, 2);
  Inference plain(network_);
  CountingSink sink;
  std::vector<std::uint32_t> order(300);
  std::iota(order.rbegin(), order.rend(), 0u);
  for (const std::uint64_t view : {0u, 1u, 0u, 1u}) {
    const AugmentationDraw draw{{.crop = 3, .flip = true}, 11, view};
    teacher.look_at(draw, sink);
    Batch batch;
    fill_batch(data_.train, std::span(order).subspan(40, 30), batch, draw);
    const Tensor& given = teacher.answers(batch, std::span(order).subspan(40, 30));
    const Tensor& wanted = plain.forward(batch.images);
    ASSERT_EQ(given.shape(), wanted.shape());
    for (std::size_t i = 0; i < wanted.values().size(); ++i)
      EXPECT_NEAR(given.values()[i], wanted.values()[i], 1e-5) << view << " " << i;
  }
  EXPECT_EQ(sink.asked, 4) << "two batches of at most 250 images a view";
}

TEST_F(TeacherTest, IsAskedAboutEveryBatchWithoutViews) {
  Teacher teacher(network_, data_.train, 0);
  Inference plain(network_);
  CountingSink sink;
  const std::vector<std::uint32_t> order{5, 9};
  for (const std::uint64_t epoch : {0u, 1u}) {
    const AugmentationDraw draw{{.crop = 3}, 11, epoch};
    teacher.look_at(draw, sink);
    Batch batch;
    fill_batch(data_.train, order, batch, draw);
    const std::span<const float> wanted = plain.forward(batch.images).values();
    const std::span<const float> given = teacher.answers(batch, order).values();
    EXPECT_TRUE(std::equal(given.begin(), given.end(), wanted.begin(), wanted.end()));
  }
  EXPECT_EQ(sink.asked, 0);
}

TEST_F(TeacherTest, TeachesAsItDoesWithoutViewsWhereNothingIsChanged) {
  TrainCard card{.epochs = 2, .distill = true};
  const Weights anew = taught(card);
  card.teacher_views = 1;
  const Weights once = taught(card);
  for (std::size_t i = 0; i < anew.size(); ++i)
    for (std::size_t k = 0; k < anew[i].values.size(); ++k)
      EXPECT_NEAR(anew[i].values[k], once[i].values[k], 1e-4) << anew[i].name;
}

TEST_F(TeacherTest, EpochsGoRoundTheViews) {
  // Without a rate nothing is learnt, so that epochs with the same pictures have the same loss.
  const TrainCard card{.epochs = 5,
                       .batch = 300,  // all, since batches are others in every epoch
                       .schedule = {.kind = RateKind::constant, .rate = 1e-30},
                       .augment = {.crop = 4, .flip = true},
                       .distill = true,
                       .teacher_views = 2};
  Network student(tiny_taught(), {}, 7);
  const TrainResult exact = train(student, data_, {card, 7}, {.teacher = &network_});
  EXPECT_NEAR(exact.epochs[0].loss, exact.epochs[2].loss, 1e-5);
  EXPECT_NEAR(exact.epochs[1].loss, exact.epochs[3].loss, 1e-5);
  EXPECT_NEAR(exact.epochs[0].loss, exact.epochs[4].loss, 1e-5);
  EXPECT_GT(std::abs(exact.epochs[0].loss - exact.epochs[1].loss), 1e-4);
}

TEST_F(TeacherTest, GoesOnFromACheckpointToTheSameBits) {
  TrainCard card{.epochs = 4,
                 .batch = 64,
                 .schedule = {.kind = RateKind::constant, .rate = 0.01},
                 .augment = {.crop = 2},
                 .distill = true,
                 .teacher_views = 3};
  const Weights straight = taught(card);
  const std::string file = scratch_path("taught.h5");
  card.epochs = 2;
  taught(card, file);
  card.epochs = 4;  // the fourth epoch has the first view, which nobody has asked about by now
  const Weights later = taught(card, file);
  for (std::size_t i = 0; i < straight.size(); ++i)
    EXPECT_EQ(straight[i].values, later[i].values) << straight[i].name;
  std::filesystem::remove(file);
}

TEST(TeacherViews, AreRefusedWhereTheyMeanNothing) {
  const auto problem = [](const std::string& text) {
    try {
      read_card<TrainCard>(parse_yaml(text, "t"));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("taken");
  };
  EXPECT_EQ(problem("{distill: true, teacher_views: 4, augment: {flip: true}}"), "taken");
  EXPECT_EQ(problem("{distill: true, teacher_views: 1}"), "taken");
  EXPECT_NE(problem("{teacher_views: 4, augment: {flip: true}}").find("distill is false"),
            std::string::npos);
  EXPECT_NE(problem("{distill: true, teacher_views: 4}").find("all views of an image would be"),
            std::string::npos);
  EXPECT_NE(problem("{distill: true, teacher_views: 1, freeze: {epoch: 2, layers: 1}}")
                .find("freeze has views of its own"),
            std::string::npos);
  EXPECT_NE(problem("{distill: true, teacher_views: -1}").find("teacher_views"), std::string::npos);
}

}  // namespace
}  // namespace lightloom::nn

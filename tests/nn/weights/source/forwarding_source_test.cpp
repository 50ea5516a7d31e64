#include "nn/weights/source/forwarding_source.hpp"

#include <gtest/gtest.h>

#include "tests/nn/weights/recording_source.hpp"

namespace lightloom::nn {
namespace {

TEST(ForwardingSource, PassesEveryVerbOnWithItsArgumentsAndItsAnswer) {
  std::vector<std::string> calls;
  auto recording = std::make_unique<RecordingSource>(calls);
  RecordingSource& inner = *recording;
  ForwardingSource source(std::move(recording));
  std::vector<float> dense(4);

  EXPECT_EQ(source.streams().at(0).count, 5);
  EXPECT_EQ(source.work().shifts, 7);
  EXPECT_EQ(source.factors().value().out, 3);
  EXPECT_EQ(source.row_repeats(), 2);
  EXPECT_EQ(source.shared_group(), 4);
  source.encode(dense);
  source.materialise(dense);
  EXPECT_EQ(dense, std::vector<float>(4, 0.5f));
  const std::vector<CodedStream> words = source.codes();
  EXPECT_EQ(words.at(0).name, "recorded");
  source.decode(words, dense);
  EXPECT_EQ(dense, std::vector<float>(4, 0.25f));
  source.round_to_words();
  EXPECT_EQ(source.parameters(), std::vector<Parameter*>{&inner.parameter});
  EXPECT_EQ(source.constants(), std::vector<Parameter*>{&inner.constant});
  source.backward(dense);
  EXPECT_EQ(source.regularise(), 1.5);
  EXPECT_EQ(source.own_step(2), 9);
  source.set_step(TrainingStep{.epoch = 6});
  source.set_step(std::nullopt);

  const std::vector<std::string> all{
      "streams",     "work",       "factors",    "row_repeats",    "shared_group", "encode 4",
      "materialise", "codes",      "decode 1",   "round_to_words", "parameters",   "constants",
      "backward 4",  "regularise", "own_step 2", "set_step 6",     "set_step -1"};
  EXPECT_EQ(calls, all);
}

TEST(ForwardingSource, GivesBackWhatItWasPutAround) {
  std::vector<std::string> calls;
  auto recording = std::make_unique<RecordingSource>(calls);
  WeightSource* inner = recording.get();
  ForwardingSource source(std::move(recording));
  EXPECT_EQ(&source.inner(), inner);
  EXPECT_EQ(source.release().get(), inner);
}

}  // namespace
}  // namespace lightloom::nn

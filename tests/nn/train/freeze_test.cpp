// Training with the first layers frozen from an epoch on.
#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <filesystem>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/progress.hpp"
#include "nn/freeze/frozen_part.hpp"
#include "nn/freeze/prefix_cut.hpp"
#include "nn/inference/inference.hpp"
#include "nn/inference/part_inference.hpp"
#include "nn/models/models.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/onnx/export.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/train/measured_part.hpp"
#include "nn/train/train.hpp"
#include "nn/weights/source_table.hpp"
#include "tests/nn/reference.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn {
namespace {

/// A stem, a block with a shortcut, and a linear layer behind a dropout.
Graph block_to_freeze() {
  GraphBuilder net("block", {28, 28, 1});
  const int stem = net.relu(
      net.batch_norm("n1", net.convolution("stem", 0, {.channels = 4, .kernel = 5, .stride = 4})));
  const int one = net.relu(net.batch_norm(
      "n2", net.convolution("one", stem, {.channels = 4, .kernel = 3, .padding = 1})));
  const int two =
      net.batch_norm("n3", net.convolution("two", one, {.channels = 4, .kernel = 3, .padding = 1}));
  const int at = net.relu(net.add(two, stem));
  const int more = net.relu(net.batch_norm(
      "n4", net.convolution("three", at, {.channels = 6, .kernel = 3, .stride = 2})));
  net.linear("fc", net.dropout(net.flatten(more), 0.3), 10, true);
  return std::move(net).finish();
}

Dataset few_glyphs(int count) {
  return load_dataset({.name = "glyphs", .train_limit = count, .test_limit = 2, .validation = 0.1},
                      1);
}

struct Frozen {
  TrainResult result;
  Weights weights;
};

Frozen trained_frozen(Network network, const Dataset& data, const TrainCard& card,
                      const TrainHelpers& helpers = {}) {
  Frozen end;
  end.result = train(network, data, {card, 7}, helpers);
  end.weights = weights_of(network);
  return end;
}

void expect_same(const Frozen& a, const Frozen& b) {
  ASSERT_EQ(a.result.epochs.size(), b.result.epochs.size());
  for (std::size_t e = 0; e < a.result.epochs.size(); ++e) {
    EXPECT_EQ(a.result.epochs[e].loss, b.result.epochs[e].loss) << e;
    EXPECT_EQ(a.result.epochs[e].train_accuracy, b.result.epochs[e].train_accuracy) << e;
    EXPECT_EQ(a.result.epochs[e].validation_accuracy, b.result.epochs[e].validation_accuracy) << e;
  }
  ASSERT_EQ(a.weights.size(), b.weights.size());
  for (std::size_t i = 0; i < a.weights.size(); ++i)
    EXPECT_EQ(a.weights[i].values, b.weights[i].values) << a.weights[i].name;
}

bool differ(const Frozen& a, const Frozen& b) {
  return a.result.epochs.back().loss != b.result.epochs.back().loss;
}

TrainCard kept(TrainCard card) {
  card.freeze->keep = KeptLatents::latents;
  return card;
}
TrainCard anew(TrainCard card) {
  card.freeze->keep = KeptLatents::nothing;
  card.freeze->views = 1;
  return card;
}

class Freeze : public testing::Test {
 protected:
  void SetUp() override { omp_set_num_threads(1); }
  void TearDown() override { omp_set_num_threads(1); }

  Dataset data_ = few_glyphs(200);  // 180 to train with
  TrainCard card_{.epochs = 4,
                  .batch = 32,
                  .optimizer = {.kind = OptimizerKind::adamw, .weight_decay = 0.01},
                  .freeze = FreezeCard{.layers = 3, .epoch = 2}};
};

TEST_F(Freeze, KeptLatentsInFloat32TrainTheRestAsComputingThemAnewDoes) {
  for (const int threads : {1, 2})
    for (const int batch : {32, 7}) {
      SCOPED_TRACE(testing::Message() << threads << " threads, batch " << batch);
      omp_set_num_threads(threads);
      card_.batch = batch;
      const Frozen cached = trained_frozen(Network(block_to_freeze(), {}, 7), data_, kept(card_));
      expect_same(cached, trained_frozen(Network(block_to_freeze(), {}, 7), data_, anew(card_)));
      ASSERT_TRUE(cached.result.frozen);
      EXPECT_EQ(cached.result.frozen->bytes, 180 * 6 * 6 * 4 * 4);
      EXPECT_EQ(cached.result.frozen->error, 0);
      EXPECT_EQ(cached.result.frozen->layers, 3);
    }
}

TEST_F(Freeze, GoesWithAveragesStatisticsTakenAnewATeacherAndAnyOptimiser) {
  Network teacher(build_graph("mlp", "glyphs"), {}, 3);
  for (const int way : {0, 1, 2}) {
    SCOPED_TRACE(way);
    TrainCard card = card_;
    if (way == 0) card.average = 0.9, card.recalibrate = 100, card.distill = true;
    if (way == 1) card.swa = {.start = 2, .rate = 0.01}, card.freeze->epoch = 3;
    if (way == 2) card.optimizer = {.kind = OptimizerKind::nesterov}, card.clip = 0.2;
    const TrainHelpers helpers{.teacher = &teacher};
    expect_same(trained_frozen(Network(block_to_freeze(), {}, 7), data_, kept(card), helpers),
                trained_frozen(Network(block_to_freeze(), {}, 7), data_, anew(card), helpers));
  }
}

TEST_F(Freeze, GoesWithEverySource) {
  const Dataset data = few_glyphs(70);
  for (const std::string& name : source_names()) {
    SCOPED_TRACE(name);
    const auto source = read_card<SourceCard>(parse_yaml("{source: " + name + "}", "card"));
    Network first(block_to_freeze(), source, 7), second(block_to_freeze(), source, 7);
    TrainCard card = card_;
    card.epochs = 2;
    card.freeze->layers = legal_prefixes(first).back();
    expect_same(trained_frozen(std::move(first), data, kept(card)),
                trained_frozen(std::move(second), data, anew(card)));
  }
}

TEST_F(Freeze, GoesWithResNetsAndImportedNetworks) {
  const Dataset data = load_dataset({.name = "glyphs", .train_limit = 40, .test_limit = 2}, 1);
  TrainCard card = card_;
  card.epochs = 2;
  const Graph resnet = build_graph("resnet20", "glyphs");
  card.freeze->layers = 13;
  expect_same(trained_frozen(Network(resnet, {}, 7), data, kept(card)),
              trained_frozen(Network(resnet, {}, 7), data, anew(card)));
  Network own(block_to_freeze(), {}, 7);
  const onnx::Model model = onnx::export_model(own);
  card.freeze->layers = 3;
  const auto imported = [&] { return onnx::network_of(onnx::import_read(model, "own"), {}); };
  expect_same(trained_frozen(imported(), data, kept(card)),
              trained_frozen(imported(), data, anew(card)));
}

TEST_F(Freeze, GoesWithBfloat16) {
  if (!multiplies_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16";
  card_.precision = Precision::bfloat16;
  const Frozen cached = trained_frozen(Network(block_to_freeze(), {}, 7), data_, kept(card_));
  expect_same(cached, trained_frozen(Network(block_to_freeze(), {}, 7), data_, anew(card_)));
  card_.precision = Precision::float32;
  EXPECT_TRUE(
      differ(cached, trained_frozen(Network(block_to_freeze(), {}, 7), data_, kept(card_))));
}

TEST_F(Freeze, OneLatentIsThatOfTheImageAsItIsAndAsManyAsEpochsAreThatOfEachEpoch) {
  card_.augment = {.crop = 2, .flip = true};
  const Frozen fresh = trained_frozen(Network(block_to_freeze(), {}, 7), data_, anew(card_));
  card_.freeze->views = card_.epochs;
  const Frozen as_many = trained_frozen(Network(block_to_freeze(), {}, 7), data_, kept(card_));
  expect_same(as_many, fresh);
  EXPECT_EQ(as_many.result.frozen->bytes, card_.epochs * 180 * 6 * 6 * 4 * 4);
  card_.freeze->views = 2;
  EXPECT_TRUE(differ(trained_frozen(Network(block_to_freeze(), {}, 7), data_, kept(card_)), fresh))
      << "epoch 3 takes the first view again";
  card_.freeze = FreezeCard{.layers = 3, .epoch = 1};
  const Frozen plain = trained_frozen(Network(block_to_freeze(), {}, 7), data_, kept(card_));
  card_.augment = {};
  expect_same(trained_frozen(Network(block_to_freeze(), {}, 7), data_, kept(card_)), plain);
}

TEST_F(Freeze, TheFirstLayersStayAsTheEpochsBeforeLeftThem) {
  card_.schedule.kind = RateKind::constant;
  card_.recalibrate = 90;  // which must leave the statistics of the frozen ones alone
  data_.validation = {.image = data_.train.image, .pixels = {}, .labels = {}};  // keep the last
  TrainCard whole = card_;
  whole.freeze.reset();
  whole.epochs = 1;
  for (const char* text : {"{source: dense}", "{source: smart_deal}", "{source: xor}",
                           "{source: integer, bits: 3, retraining: projection}"}) {
    SCOPED_TRACE(text);
    const auto source = read_card<SourceCard>(parse_yaml(text, "card"));
    const Frozen frozen = trained_frozen(Network(block_to_freeze(), source, 7), data_, kept(card_));
    const Frozen before = trained_frozen(Network(block_to_freeze(), source, 7), data_, whole);
    EXPECT_EQ(frozen.result.epochs[0].loss, before.result.epochs[0].loss);
    for (std::size_t i = 0; i < frozen.weights.size(); ++i) {
      const std::string& name = frozen.weights[i].name;
      bool inside = false;
      for (const char* part : {"stem", "one", "two", "n1", "n2", "n3"})
        inside = inside || name.starts_with(part);
      const bool same = frozen.weights[i].values == before.weights[i].values;
      if (inside || (source.source == "dense" && name.find(".constant.") == std::string::npos)) {
        EXPECT_EQ(same, inside) << name;
      }
    }
  }
}

/// What the first layers of a network make of images, by parts, in as many bits.
NodeValues latents_by_parts(Network& network, const GraphCut& cut, const ImageSet& set,
                            const std::vector<AugmentationDraw>& views, int bits) {
  NodeValues values(network.graph(), cut.frontier, views.size() * set.size());
  PartInference part(network, cut_at_input(network.graph()), cut);
  std::vector<std::uint32_t> order(1);
  Batch batch;
  for (std::size_t v = 0; v < views.size(); ++v)
    for (std::size_t i = 0; i < set.size(); ++i) {
      order[0] = static_cast<std::uint32_t>(i);
      fill_batch(set, order, batch, views[v]);
      const Tensor* const pixels[] = {&batch.images};
      const Tensor& from = *part.forward(pixels).front();
      Tensor to(from.shape());
      std::copy(from.values().begin(), from.values().end(), to.data());
      const auto [low, high] = std::minmax_element(to.values().begin(), to.values().end());
      if (bits < 32)
        quantise_activation(to.values(), bits, {.low = *low, .high = *high, .seen = true});
      const Tensor* const one[] = {&to};
      values.put(v * set.size() + i, one);
    }
  return values;
}

TEST_F(Freeze, IsTheTrainingOfTheRestOnWhatIsKnownOfTheFirstLayers) {
  card_.augment = {.crop = 2, .flip = true};
  card_.recalibrate = 90;
  data_.validation = {.image = data_.train.image, .pixels = {}, .labels = {}};
  for (const auto& [bits, views] : {std::pair{32, 1}, {4, 1}, {6, 3}}) {
    SCOPED_TRACE(bits);
    card_.freeze = FreezeCard{.layers = 3, .epoch = 1, .bits = bits, .views = views};
    Network known(block_to_freeze(), {}, 7);
    const GraphCut cut = prefix_cut(known.graph(), 3);
    std::vector<AugmentationDraw> draws;
    for (int v = 0; v < views; ++v)
      draws.push_back(views == 1
                          ? AugmentationDraw{}
                          : AugmentationDraw{card_.augment, 7, static_cast<std::uint64_t>(v)});
    const NodeValues values = latents_by_parts(known, cut, data_.train, draws, bits);
    const NodeValues none(known.graph(), cut.frontier, 0);
    const MeasuredPart measured{cut, values, none, views, 7};
    TrainCard rest = card_;
    rest.freeze.reset();
    const Frozen frozen = trained_frozen(Network(block_to_freeze(), {}, 7), data_, card_);
    expect_same(frozen, trained_frozen(std::move(known), data_, rest, {.measured = &measured}));
    EXPECT_EQ(frozen.result.frozen->bytes, views * 180 * (144 * bits / 8 + (bits < 32 ? 8 : 0)));
    EXPECT_EQ(frozen.result.frozen->error > 0, bits < 32);
  }
}

TEST_F(Freeze, TheErrorOfTheLatentsIsThatOfTheirBits) {
  Network network(block_to_freeze(), {}, 7);
  const GraphCut cut = prefix_cut(network.graph(), 3);
  const NodeValues exact = latents_by_parts(network, cut, data_.train, {{}}, 32),
                   few = latents_by_parts(network, cut, data_.train, {{}}, 3);
  double error = 0, all = 0;
  for (std::size_t i = 0; i < exact.of(0).size(); ++i) {
    error += std::pow(double{few.of(0)[i]} - exact.of(0)[i], 2);
    all += std::pow(double{exact.of(0)[i]}, 2);
  }
  card_.freeze = FreezeCard{.layers = 3, .epoch = 1, .bits = 3};
  const Frozen frozen = trained_frozen(std::move(network), data_, card_);
  EXPECT_NEAR(frozen.result.frozen->error, std::sqrt(error / all), 1e-12);
}

TEST_F(Freeze, WhereTheFirstLayersLearnNothingFreezingThemChangesNothing) {
  // A dead branch gets no gradient: the state of the optimiser and the averages of all others must
  // go on from the epochs before.
  const auto dead = [] {
    GraphBuilder net("dead", {28, 28, 1});
    const int branch =
        net.relu(net.convolution("a", 0, {.channels = 2, .kernel = 4, .stride = 4, .bias = true}));
    const int pool = net.average_pool(0, {.height = 4, .width = 4, .stride = 4});
    const int b = net.relu(net.batch_norm(
        "n", net.convolution("b", net.concat({branch, pool}), {.channels = 5, .kernel = 3})));
    net.linear("fc", net.flatten(b), 10, true);
    Network network(std::move(net).finish(), {}, 7);
    for (float& bias : network.weight_layers()[0].bias.value) bias = -100;
    return network;
  };
  for (const int way : {0, 1, 2}) {
    SCOPED_TRACE(way);
    TrainCard card{.epochs = 4,
                   .batch = 32,
                   .optimizer = {.kind = way == 2 ? OptimizerKind::sgd : OptimizerKind::radam},
                   .freeze = FreezeCard{.layers = 1, .epoch = 3}};
    if (way == 0) card.average = 0.95;
    if (way == 1) card.swa = {.start = 2, .rate = 0.01};
    TrainCard whole = card;
    whole.freeze.reset();
    expect_same(trained_frozen(dead(), data_, card), trained_frozen(dead(), data_, whole));
  }
}

/// Wants an end once so many images were trained with.
class EndsAfter : public ProgressSink {
 public:
  explicit EndsAfter(std::int64_t images) : images_(images) {}
  void report(const ProgressReport& report) override { done_ = report.done; }
  [[nodiscard]] bool cancelled() const override { return done_ >= images_; }

 private:
  std::int64_t images_, done_ = 0;
};

TEST_F(Freeze, ResumesToTheSameBitsFromBeforeAtAndBehindItsEpoch) {
  const std::string path = scratch_path("freeze-checkpoint.h5").string();
  card_.average = 0.9;
  card_.augment = {.crop = 2};
  card_.freeze = FreezeCard{.layers = 3, .epoch = 3, .bits = 8, .views = 2};
  const Frozen whole = trained_frozen(Network(block_to_freeze(), {}, 7), data_, card_);
  for (const int ended : {1, 2, 3}) {  // epochs; the one begun is lost
    SCOPED_TRACE(ended);
    std::filesystem::remove(path);
    EndsAfter sink(180 * ended + 40);
    const Frozen first = trained_frozen(Network(block_to_freeze(), {}, 7), data_, card_,
                                        {.checkpoint = path, .progress = &sink});
    ASSERT_EQ(first.result.epochs.size(), static_cast<std::size_t>(ended));
    const Frozen rest =
        trained_frozen(Network(block_to_freeze(), {}, 99), data_, card_, {.checkpoint = path});
    EXPECT_EQ(rest.result.resumed, ended);
    expect_same(rest, whole);
    EXPECT_EQ(rest.result.frozen->error, whole.result.frozen->error);
  }
  std::filesystem::remove(path);
}

TEST_F(Freeze, IsNotRecordedWhereNoEpochHadFrozenLayers) {
  card_ = {.epochs = 9,
           .schedule = {.rate = 1e-9},
           .patience = 1,
           .freeze = FreezeCard{.layers = 1, .epoch = 9}};
  EXPECT_FALSE(trained_frozen(Network(block_to_freeze(), {}, 7), data_, card_).result.frozen);
}

std::string freeze_problems(const std::string& text) {
  try {
    read_card<TrainCard>(parse_yaml(text, "card"));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(FreezeCard, IsReadWithItsDefaults) {
  const auto card = read_card<TrainCard>(
      parse_yaml("{epochs: 3, augment: {flip: true}, freeze: {last: conv2, epoch: 3, bits: 8, "
                 "views: 4, place: disk, capacity_MiB: 5}}",
                 "card"));
  ASSERT_TRUE(card.freeze);
  EXPECT_EQ(card.freeze->last, "conv2");
  EXPECT_EQ(card.freeze->epoch, 3);
  EXPECT_EQ(card.freeze->bits, 8);
  EXPECT_EQ(card.freeze->views, 4);
  EXPECT_EQ(card.freeze->place, LatentPlace::disk);
  EXPECT_EQ(card.freeze->capacity_MiB, 5);
  const auto plain = read_card<TrainCard>(parse_yaml("{freeze: {layers: 1}}", "card"));
  EXPECT_EQ(plain.freeze->epoch, 1);
  EXPECT_EQ(plain.freeze->bits, 32);
  EXPECT_EQ(plain.freeze->keep, KeptLatents::latents);
  EXPECT_FALSE(read_card<TrainCard>(parse_yaml("{epochs: 2}", "card")).freeze);
  EXPECT_FALSE(read_card<TrainCard>(parse_yaml("{freeze: null}", "card")).freeze);
  EXPECT_EQ(freeze_problems("{epochs: 0, freeze: {layers: 1}}"), "") << "nothing is trained";
}

TEST(FreezeCard, RefusesWhatCannotBe) {
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"{freeze: {}}", "so that nothing is frozen"},
           {"{freeze: {layers: 0, epoch: 1}}", "so that nothing is frozen"},
           {"{freeze: {layers: 1, last: a}}", "both say what is frozen"},
           {"{freeze: {layers: 1, epoch: 0}}", "freeze.epoch"},
           {"{epochs: 3, freeze: {layers: 1, epoch: 4}}",
            "'freeze.epoch' is 4, but the training ends after 3"},
           {"{freeze: {layers: 1, bits: 20}}", "'freeze.bits' is 20"},
           {"{freeze: {layers: 1, bits: 0}}", "freeze.bits"},
           {"{freeze: {layers: 1, keep: nothing, bits: 8}}", "'freeze.keep' is nothing"},
           {"{freeze: {layers: 1, keep: nothing, views: 2}}", "'freeze.keep' is nothing"},
           {"{freeze: {layers: 1, views: 2}}", "`augment` changes nothing"},
           {"{freeze: {layers: 1, capacity_MiB: -1}}", "capacity_MiB"},
           {"{noise_aware: true, freeze: {layers: 1}}", "does not go with noise_aware"},
           {"{weight_noise: 0.1, freeze: {layers: 1}}", "does not go with weight_noise"},
           {"{bit_errors: {rate: 0.1}, freeze: {layers: 1}}", "does not go with bit_errors"},
           {"{freeze: {layer: 1}}", "did you mean"}}) {
    EXPECT_NE(freeze_problems(text).find(part), std::string::npos)
        << text << ": " << freeze_problems(text);
  }
}

TEST_F(Freeze, RefusesMoreLatentsThanThereIsRoomFor) {
  const Network network(block_to_freeze(), {}, 7);
  // 144 numbers and a scale at 8 bits: 152 bytes, of which 6898 fit into a MiB.
  FreezeCard card{.layers = 3, .bits = 8, .capacity_MiB = 1};
  EXPECT_EQ(plan_freeze(network, card, 6898).bytes(), 6898 * 152);
  try {
    plan_freeze(network, card, 6899);
    FAIL() << "more than its capacity";
  } catch (const Error& error) {
    EXPECT_NE(
        std::string(error.what())
            .find("would keep 6899 latents of 152 bytes, 1.0 MiB, but capacity_MiB is 1.0 MiB"),
        std::string::npos)
        << error.what();
  }
  card.capacity_MiB = 0;
  EXPECT_THROW(plan_freeze(network, card, std::size_t{1} << 40), Error) << "than memory";
  card.views = 3;
  EXPECT_EQ(plan_freeze(network, card, 10).latents, 30);
  card = {.layers = 3, .keep = KeptLatents::nothing};
  EXPECT_EQ(plan_freeze(network, card, std::size_t{1} << 40).bytes(), 0);
  // Refused before any epoch, although the layers are frozen late.
  card_.freeze = FreezeCard{.layers = 2, .epoch = 4};
  Network untouched(block_to_freeze(), {}, 7);
  const Weights begin = weights_of(untouched);
  EXPECT_THROW(train(untouched, data_, {card_, 7}), Error);
  EXPECT_EQ(weights_of(untouched)[0].values, begin[0].values);
}

TEST_F(Freeze, IsRefusedWhereTheFirstLayersAreMeasured) {
  Network network(block_to_freeze(), {}, 7);
  const GraphCut cut = prefix_cut(network.graph(), 1);
  const NodeValues values(network.graph(), cut.frontier, data_.train.size());
  const MeasuredPart measured{cut, values, values, 1, 7};
  EXPECT_THROW(train(network, data_, {card_, 7}, {.measured = &measured}), Error);
}

}  // namespace
}  // namespace lightloom::nn

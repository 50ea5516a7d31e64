// Data sets of one's own: shapes from arrays, all kinds of numbers and labels, targets.
#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>

#include "core/error.hpp"
#include "nn/data/batch.hpp"
#include "nn/data/dataset.hpp"
#include "nn/models/models.hpp"
#include "tests/made_files.hpp"
#include "tests/nn/data/read_with.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn {
namespace {

namespace fs = std::filesystem;

class OwnData : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(root_); }
  void TearDown() override { fs::remove_all(root_); }
  std::string write(const std::string& name, const std::string& bytes) const {
    return made::write((root_ / name).string(), bytes);
  }
  /// A .npy of 0, 1, 2, ... times `scale`.
  template <class Number>
  std::string ramp(const std::string& name, const std::string& type, const std::string& shape,
                   std::size_t count, Number scale = 1) const {
    std::vector<Number> numbers(count);
    for (std::size_t i = 0; i < count; ++i)
      numbers[i] = static_cast<Number>(static_cast<Number>(i) * scale);
    return write(name, made::npy<Number>(type, shape, numbers));
  }
  std::string labels(const std::string& name, const std::vector<std::int32_t>& values) const {
    return write(
        name, made::npy<std::int32_t>("<i4", "(" + std::to_string(values.size()) + ",)", values));
  }
  static std::string problem_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& problem) {
      return problem.what();
    }
    return "";
  }
  static bool speaks_of(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  fs::path root_ = scratch_path("own");
};

DatasetCard card_of(const std::vector<std::string>& files) {
  return {.name = "mine", .train = files, .test = files, .validation = 0};
}

TEST_F(OwnData, ShapesAreTakenFromTheArrays) {
  const std::string y = labels("y.npy", {0, 6, 2});
  struct Case {
    std::string shape;
    std::size_t count;
    MapShape image;
  };
  for (const Case& one : {Case{"(3, 7, 5)", 105, {7, 5, 1}}, Case{"(3, 7, 5, 3)", 315, {7, 5, 3}},
                          Case{"(3, 4, 7, 5)", 420, {7, 5, 4}}, Case{"(3, 11)", 33, {1, 1, 11}}}) {
    const std::string x = ramp<float>("x.npy", "<f4", one.shape, one.count, 1e-3f);
    const DatasetShape shape = shape_of(card_of({x, y}));
    EXPECT_EQ(shape.image, one.image) << one.shape;
    EXPECT_EQ(shape.classes, 7) << "the largest label and one";
    EXPECT_EQ(load_dataset(card_of({x, y}), 1).test.size(), 3u);
  }
}

TEST_F(OwnData, AGivenShapeStandsAndTheArraysMustHaveIt) {
  const std::string x = ramp<float>("x.npy", "<f4", "(2, 7, 5)", 70, 1e-3f),
                    y = labels("y.npy", {0, 1});
  DatasetCard card = card_of({x, y});
  card.classes = 12;
  EXPECT_EQ(shape_of(card).classes, 12);
  card.height = 8;
  EXPECT_TRUE(speaks_of(problem_of([&] { load_dataset(card, 1); }), "(2, 7, 5)"));
}

TEST_F(OwnData, ChannelsFirstAndLastGiveTheSameImages) {
  // Image n, pixel (h, w), channel c is 100 n + 30 c + 10 h + w.
  std::vector<std::uint8_t> last, first;
  for (int n = 0; n < 2; ++n)
    for (int h = 0; h < 3; ++h)
      for (int w = 0; w < 5; ++w)
        for (int c = 0; c < 3; ++c)
          last.push_back(static_cast<std::uint8_t>(100 * n + 30 * c + 10 * h + w));
  for (int n = 0; n < 2; ++n)
    for (int c = 0; c < 3; ++c)
      for (int h = 0; h < 3; ++h)
        for (int w = 0; w < 5; ++w)
          first.push_back(static_cast<std::uint8_t>(100 * n + 30 * c + 10 * h + w));
  const std::string y = labels("y.npy", {0, 1});
  const DatasetShape shape{"mine", {3, 5, 3}, 2};
  const auto read = [&](const std::string& sides, const std::vector<std::uint8_t>& numbers) {
    const std::string x = write("x.npy", made::npy<std::uint8_t>("|u1", sides, numbers));
    const ImageSet set = read_with("NumPy files", {x, y}, shape);
    return std::vector<std::uint8_t>(set.pixels.begin(), set.pixels.end());
  };
  EXPECT_EQ(read("(2, 3, 5, 3)", last), last);
  EXPECT_EQ(read("(2, 3, 3, 5)", first), last);
}

TEST_F(OwnData, TwoReadingsAreRefusedWithBoth) {
  const std::string y = labels("y.npy", {0, 1});
  const std::string flat = ramp<std::uint8_t>("x.npy", "|u1", "(2, 75)", 150);
  DatasetCard card = card_of({flat, y});
  card.height = card.width = 5;
  card.channels = 3;
  EXPECT_TRUE(
      speaks_of(problem_of([&] { load_dataset(card, 1); }), "channels_last or channels_first"));
  card.reading.layout = SampleOrder::channels_first;
  EXPECT_EQ(load_dataset(card, 1).test.pixels[1], 25) << "channel 1 of the first pixel";
  card.reading.layout = SampleOrder::channels_last;
  EXPECT_EQ(load_dataset(card, 1).test.pixels[1], 1);
  const std::string odd = ramp<std::uint8_t>("z.npy", "|u1", "(2, 3, 5, 4)", 120);
  EXPECT_TRUE(speaks_of(problem_of([&] { shape_of(card_of({odd, y})); }), "may hold images of"));
  card = card_of({odd, y});
  card.channels = 3;
  EXPECT_EQ(shape_of(card).image, (MapShape{5, 4, 3})) << "three channels can only be first";
}

TEST_F(OwnData, LabelsComeAsNumbersColumnsOneHotAndFloats) {
  const std::string x = ramp<std::uint8_t>("x.npy", "|u1", "(3, 2, 2)", 12);
  const std::vector<std::uint16_t> wanted{2, 0, 1};
  for (const std::string& bytes : {made::npy<std::int64_t>("<i8", "(3,)", {2, 0, 1}),
                                   made::npy<double>("<f8", "(3, 1)", {2, 0, 1}),
                                   made::npy<float>("<f4", "(3, 3)", {0, 0, 1, 1, 0, 0, 0, 1, 0}),
                                   made::npy<std::uint8_t>("|u1", "(3,)", {2, 0, 1})}) {
    const std::string y = write("y.npy", bytes);
    EXPECT_EQ(load_dataset(card_of({x, y}), 1).test.labels, wanted);
    EXPECT_EQ(shape_of(card_of({x, y})).classes, 3);
  }
  const auto problem = [&](const std::string& bytes) {
    const std::string y = write("y.npy", bytes);
    DatasetCard card = card_of({x, y});
    card.classes = 3;
    return problem_of([&] { load_dataset(card, 1); });
  };
  EXPECT_TRUE(speaks_of(problem(made::npy<std::int32_t>("<i4", "(3,)", {1, 3, 2})), "subtract 1"));
  EXPECT_TRUE(speaks_of(problem(made::npy<float>("<f4", "(3,)", {0, 1.5f, 2})), "label 1.5"));
  EXPECT_TRUE(
      speaks_of(problem(made::npy<float>("<f4", "(3, 3)", {0, 0, 1, 1, 1, 0, 0, 1, 0})), "row 1"));
  EXPECT_TRUE(
      speaks_of(problem(made::npy<float>("<f4", "(3, 3)", {1, 0, 0, 0, 0, 1, 0, 5, 0})), "row 2"));
  EXPECT_TRUE(
      speaks_of(problem(made::npy<std::int32_t>("<i4", "(3,)", {0, 1, 2, 0})), "longer than"));
  EXPECT_TRUE(speaks_of(problem(made::npy<std::uint8_t>("|b1", "(3,)", {1, 0, 1})), "bools"));
  EXPECT_TRUE(
      speaks_of(problem(made::npy<std::int32_t>("<i4", "(2,)", {1, 2})), "different numbers"));
}

TEST_F(OwnData, FloatsAreInputsAsTheyAreAndWholeNumbersTo255AreBytes) {
  const std::string y = labels("y.npy", {0, 1});
  const auto first_inputs = [&](const std::string& x, double full_scale) {
    DatasetCard card = card_of({x, y});
    card.reading.full_scale = full_scale;
    const Dataset data = load_dataset(card, 1);
    Batch batch;
    const std::vector<std::uint32_t> order{0, 1};
    fill_batch(data.test, order, batch);
    const Tensor& images = batch.images;
    return std::vector<float>(images.values().begin() + 4, images.values().begin() + 6);
  };
  EXPECT_EQ(first_inputs(ramp<float>("a.npy", "<f4", "(2, 2, 2)", 8, 0.125f), 0),
            (std::vector{0.5f, 0.625f}));
  const auto expect_bytes = [&](const std::string& x) {
    const std::vector<float> inputs = first_inputs(x, 0);
    EXPECT_NEAR(inputs[0], 40.0 / 255, 1e-7);
    EXPECT_NEAR(inputs[1], 50.0 / 255, 1e-7);
  };
  expect_bytes(ramp<float>("b.npy", "<f4", "(2, 2, 2)", 8, 10.0f));
  expect_bytes(ramp<std::int64_t>("c.npy", "<i8", "(2, 2, 2)", 8, std::int64_t{10}));
  expect_bytes(ramp<std::uint8_t>("d.npy", "|u1", "(2, 2, 2)", 8, std::uint8_t{10}));
  const std::string wide = ramp<std::uint16_t>("e.npy", "<u2", "(2, 2, 2)", 8, std::uint16_t{1000});
  EXPECT_TRUE(speaks_of(problem_of([&] { first_inputs(wide, 0); }), "dataset.full_scale"));
  EXPECT_EQ(first_inputs(wide, 8000), (std::vector{0.5f, 0.625f}));
  EXPECT_TRUE(speaks_of(
      problem_of([&] { first_inputs(ramp<float>("f.npy", "<f4", "(2, 2, 2)", 8, 1.5f), 0); }),
      "from 0 to 10.5"));
}

TEST_F(OwnData, AllPartsAreReadAlike) {
  const std::string y = labels("y.npy", {0, 1});
  DatasetCard card = card_of({ramp<float>("bytes.npy", "<f4", "(2, 2, 2)", 8, 10.0f), y});
  card.test = {ramp<float>("dark.npy", "<f4", "(2, 2, 2)", 8, 0.0f), y};
  EXPECT_TRUE(speaks_of(problem_of([&] { load_dataset(card, 1); }), "save both as one type"));
  card.reading.full_scale = 70;
  EXPECT_EQ(load_dataset(card, 1).train.values[7], 1.0f);
}

TEST_F(OwnData, NegativeAndMissingInputsAreAskedFor) {
  const std::string y = labels("y.npy", {0, 1});
  DatasetCard card = card_of({ramp<float>("x.npy", "<f4", "(2, 3)", 6, -0.5f), y});
  EXPECT_TRUE(speaks_of(problem_of([&] { load_dataset(card, 1); }), "dataset.signed"));
  card.normalise.signed_inputs = true;
  EXPECT_EQ(load_dataset(card, 1).test.values[5], -2.5f);
  card.train =
      card.test = {write("n.npy", made::npy<float>("<f4", "(1, 2)", {0, std::nanf("")})), y};
  EXPECT_TRUE(speaks_of(problem_of([&] { load_dataset(card, 1); }), "holds nan in row 0"));
}

TEST_F(OwnData, TargetsAreNumbersAndGoWithTheirImages) {
  const std::string x = ramp<float>("x.npy", "<f4", "(4, 3)", 12),
                    t = ramp<float>("t.npy", "<f4", "(4, 2)", 8, -1.0f);
  DatasetCard card = card_of({x, t});
  card.task = Task::regression;
  const Dataset data = load_dataset(card, 1);
  EXPECT_EQ(data.shape.classes, 2);
  Batch batch;
  const std::vector<std::uint32_t> order{3, 0};
  fill_batch(data.test, order, batch);
  EXPECT_EQ(batch.targets, (std::vector<float>{-6, -7, 0, -1}));
  EXPECT_EQ(batch.images.values()[0], 9.0f);
  card.validation = 0.5;  // images that are set aside take their targets along
  const Dataset split = load_dataset(card, 1);
  ASSERT_EQ(split.validation.size(), 2u);
  for (const ImageSet* part : {&split.train, &split.validation})
    for (std::size_t i = 0; i < 2; ++i)
      EXPECT_EQ(part->targets[2 * i] * -3, 2 * part->values[3 * i]) << "x = 3 n, t = -2 n";
  card.classes = 3;
  EXPECT_TRUE(speaks_of(problem_of([&] { load_dataset(card, 1); }), "targets are (count, 3)"));
}

TEST_F(OwnData, AnAutoencoderAnswersWithItsInputs) {
  DatasetCard card = card_of({ramp<float>("x.npy", "<f4", "(2, 5)", 10)});
  card.task = Task::autoencoder;
  card.normalise = {.mean = {1, 1, 1, 1, 1}, .std = {2, 2, 2, 2, 2}};
  const Dataset data = load_dataset(card, 1);
  EXPECT_EQ(data.shape.classes, 5);
  Batch batch;
  const std::vector<std::uint32_t> order{1};
  fill_batch(data.test, order, batch);
  EXPECT_EQ(batch.targets, (std::vector<float>{2, 2.5f, 3, 3.5f, 4})) << "(x - 1) / 2";
}

TEST_F(OwnData, ArchivesGiveThePartThatIsAskedFor) {
  const std::string npz =
      write("d.npz",
            made::zip({{"x_train.npy", made::npy<std::uint8_t>("|u1", "(2, 1, 2)", {1, 2, 3, 4})},
                       {"y_train.npy", made::npy<std::uint8_t>("|u1", "(2,)", {0, 1})},
                       {"x_test.npy", made::npy<std::uint8_t>("|u1", "(1, 1, 2)", {9, 8})},
                       {"y_test.npy", made::npy<std::uint8_t>("|u1", "(1,)", {1})}},
                      made::Packing::deflated));
  const Dataset data = load_dataset(card_of({npz}), 1);
  EXPECT_EQ(data.train.size(), 2u);
  ASSERT_EQ(data.test.size(), 1u);
  EXPECT_EQ(data.test.pixels[0], 9);
}

TEST_F(OwnData, UnknownNamesNeedAShapeOrFiles) {
  EXPECT_NO_THROW(read_card<DatasetCard>(
      parse_yaml("{name: own, height: 49, width: 10, channels: 1, classes: 12}", "card")));
  EXPECT_TRUE(
      speaks_of(problem_of([] { read_card<DatasetCard>(parse_yaml("{name: cifra10}", "card")); }),
                "cifar10"));
  const DatasetShape shape = shape_of(read_card<DatasetCard>(
      parse_yaml("{name: own, height: 49, width: 10, classes: 12}", "card")));
  EXPECT_EQ(shape.image, (MapShape{49, 10, 1}));
  EXPECT_EQ(network_shape("mlp", shape).layers[0].in_channels, 490);
  EXPECT_EQ(network_shape("mlp", shape).layers.back().out_channels, 12);
}

TEST(FittedGraphs, RowsOfNumbersAreTakenFromImagesOfOneChannel) {
  GraphBuilder net("rows", {1, 1, 784});
  net.linear("fc", net.relu(net.linear("in", 0, 5, true)), 10, true);
  const Graph rows = std::move(net).finish();
  const Graph fitted = fitted_graph(rows, "net.onnx", dataset_shape("mnist"));
  EXPECT_EQ(fitted.nodes[0].shape, (MapShape{28, 28, 1}));
  EXPECT_EQ(fitted.nodes[1].op, Op::flatten);
  EXPECT_EQ(network_shape(fitted).layers.back().in_channels, 5);
  const DatasetShape grey_rows{"mine", {1, 1, 784}, 10};
  EXPECT_EQ(fitted_graph(rows, "net.onnx", grey_rows).nodes.size(), rows.nodes.size());
}

TEST(FittedGraphs, ALargerNetworkIsAnErrorAndNoBorderOfZeros) {
  GraphBuilder net("larger", {32, 32, 1});
  net.linear("fc", net.flatten(net.convolution("c", 0, {.channels = 2, .kernel = 5})), 10, true);
  try {
    fitted_graph(std::move(net).finish(), "net.onnx", dataset_shape("mnist"));
    FAIL();
  } catch (const Error& problem) {
    EXPECT_NE(std::string(problem.what()).find("32x32x1 but those of mnist are 28x28x1"),
              std::string::npos)
        << problem.what();
  }
}

}  // namespace
}  // namespace lightloom::nn

#include "nn/data/dataset.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "core/error.hpp"
#include "nn/data/batch.hpp"
#include "nn/data/glyphs.hpp"
#include "tests/nn/data/read_with.hpp"

namespace lightloom::nn {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;
using Labels = std::vector<std::uint16_t>;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() /
            ("lightloom_data_" +
             std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& name, const Bytes& bytes) const {
    std::ofstream(root_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
  void write_gzip(const std::string& name, const Bytes& bytes) const {
    gzFile file = gzopen((root_ / name).c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
  }
  [[nodiscard]] Bytes read(const std::string& name) const {
    std::ifstream file(root_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (root_ / name).string(); }

  fs::path root_;
};

void append(Bytes& bytes, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(value >> shift));
}

Bytes idx_images(std::uint32_t count, std::uint32_t height = 28, std::uint32_t width = 28) {
  Bytes bytes;
  for (const std::uint32_t word : {2051u, count, height, width}) append(bytes, word);
  for (std::uint32_t i = 0; i < count * height * width; ++i)
    bytes.push_back(static_cast<std::uint8_t>(i % 251));
  return bytes;
}

Bytes idx_labels(std::uint32_t count) {
  Bytes bytes;
  append(bytes, 2049);
  append(bytes, count);
  for (std::uint32_t i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(i % 10));
  return bytes;
}

/// What is said about an input, or "" when it is taken.
template <class F>
std::string problem_of(F call) {
  try {
    call();
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

class Idx : public Files {
 protected:
  [[nodiscard]] std::string problem() const {
    return problem_of([&] {
      read_with("IDX files", {path("images"), path("labels")}, dataset_shape("mnist"));
    });
  }
};

TEST_F(Idx, ReadsPixelsAndLabelsInOrder) {
  write_gzip("images", idx_images(3));
  write_gzip("labels", idx_labels(3));
  const ImageSet set =
      read_with("IDX files", {path("images"), path("labels")}, dataset_shape("mnist"));
  ASSERT_EQ(set.size(), 3u);
  EXPECT_EQ(set.pixels[784 + 5], (784 + 5) % 251);
  EXPECT_EQ(set.labels, (Labels{0, 1, 2}));
}

TEST_F(Idx, BrokenFilesAreOneSentenceEachAndNeverACrash) {
  write_gzip("labels", idx_labels(3));
  EXPECT_NE(problem().find("missing"), std::string::npos);
  write_gzip("images", idx_images(3));
  EXPECT_EQ(problem(), "");

  const Bytes good = read("images");
  for (std::size_t size = 0; size < good.size(); size += 1 + size / 3) {  // cut anywhere
    write("images", Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_NE(problem(), "") << "cut after " << size;
  }
  Bytes flipped = good;
  flipped[flipped.size() / 2] ^= 0xff;
  write("images", flipped);
  EXPECT_NE(problem(), "") << "a flipped byte must be caught by the checksum";

  Bytes huge;  // says 4 billion images of the right size, holds none
  for (const std::uint32_t word : {2051u, 0xffffffffu, 28u, 28u}) append(huge, word);
  write_gzip("images", huge);
  EXPECT_NE(problem().find("truncated"), std::string::npos);
  write_gzip("images", idx_images(3, 27, 28));
  EXPECT_NE(problem().find("27x28"), std::string::npos);
  write_gzip("images", idx_labels(3));
  EXPECT_NE(problem().find("magic"), std::string::npos);
  write_gzip("images", idx_images(4));
  EXPECT_NE(problem().find("different numbers"), std::string::npos);
  Bytes longer = idx_images(3);
  longer.push_back(0);
  write_gzip("images", longer);
  EXPECT_NE(problem().find("longer"), std::string::npos);
  fs::remove(root_ / "images");
  fs::create_directory(root_ / "images");
  EXPECT_NE(problem(), "");
}

TEST_F(Idx, ALabelPastTheLastClassIsRefused) {
  write_gzip("images", idx_images(1));
  Bytes labels = idx_labels(1);
  labels.back() = 9;
  write_gzip("labels", labels);
  EXPECT_EQ(problem(), "");
  labels.back() = 10;
  write_gzip("labels", labels);
  EXPECT_NE(problem().find("label"), std::string::npos);
}

TEST_F(Files, AMissingDataSetNamesTheDownloadScript) {
  const std::string problem =
      problem_of([&] { load_dataset({.name = "fashion-mnist", .root = root_.string()}, 1); });
  EXPECT_NE(problem.find("data/get-datasets fashion-mnist"), std::string::npos) << problem;
}

TEST_F(Files, CifarRecordsBecomeChannelsLastInAnyNumberAndFiles) {
  Bytes record{7};
  for (int i = 0; i < 3072; ++i)
    record.push_back(static_cast<std::uint8_t>(i / 1024 * 100 + i % 50));
  write("one.bin", record);
  Bytes two = record;
  two.insert(two.end(), record.begin(), record.end());
  write("two.bin", two);
  const Dataset data = load_dataset({.name = "cifar10",
                                     .root = root_.string(),
                                     .train = {"one.bin", "two.bin"},
                                     .test = {"one.bin"},
                                     .validation = 0},
                                    1);
  EXPECT_EQ(data.train.size(), 3u);
  EXPECT_EQ(data.test.size(), 1u);
  EXPECT_EQ(data.test.labels[0], 7);
  for (int c = 0; c < 3; ++c) {
    const int p = 33;
    EXPECT_EQ(data.test.pixels[static_cast<std::size_t>(p * 3 + c)], c * 100 + (c * 1024 + p) % 50);
  }
  two.pop_back();
  write("two.bin", two);
  EXPECT_THROW(read_with("CIFAR-10 records", {path("two.bin")}, dataset_shape("cifar10")), Error);
  record[0] = 10;
  write("one.bin", record);
  EXPECT_THROW(read_with("CIFAR-10 records", {path("one.bin")}, dataset_shape("cifar10")), Error);
  EXPECT_THROW(read_with("CIFAR-10 records", {path("none.bin")}, dataset_shape("cifar10")), Error);
}

TEST_F(Files, ListedImagesValidateInsteadOfAShareOfTheTrainingOnes) {
  Bytes record(3073, 50);
  for (const std::uint8_t label : Bytes{1, 2, 3}) {
    record[0] = label;
    write(fmt::format("{}.bin", label), record);
  }
  DatasetCard card{.name = "cifar10",
                   .root = root_.string(),
                   .train = {"1.bin"},
                   .test = {"2.bin"},
                   .validate = {"3.bin"},
                   .validation = 0.9,  // not looked at
                   .normalise = {.mean = {0.5, 0.5, 0.5}, .std = {0.25, 0.25, 0.25}}};
  const Dataset data = load_dataset(card, 1);
  EXPECT_EQ(data.train.labels, Labels{1});
  EXPECT_EQ(data.test.labels, Labels{2});
  EXPECT_EQ(data.validation.labels, Labels{3});
  EXPECT_EQ(data.validation.normalise.std, card.normalise.std);
  const std::string problem =
      problem_of([&] { load_dataset({.name = "glyphs", .validate = {"3.bin"}}, 1); });
  EXPECT_NE(problem.find("dataset.validate"), std::string::npos) << problem;
}

/// A NumPy file of version 1.
Bytes npy(const std::string& type, const std::string& shape, const Bytes& data) {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize((10 + header.size()) / 64 * 64 + 64 - 11, ' ');
  header += '\n';
  Bytes bytes{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  bytes.push_back(static_cast<std::uint8_t>(header.size() & 255));
  bytes.push_back(static_cast<std::uint8_t>(header.size() >> 8));
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

TEST_F(Files, ArraysOfNumPyAreADataSetOfAnyKnownShape) {
  Bytes pixels(2 * 3072);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i % 253);
  write("x.npy", npy("|u1", "2, 32, 32, 3", pixels));
  write("y.npy", npy("<i8", "2,", {7, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0}));
  const auto load = [&](const std::string& x, const std::string& y) {
    return load_dataset({.name = "svhn",
                         .root = root_.string(),
                         .train = {x, y, x, y},
                         .test = {path(x), path(y)},
                         .validation = 0},
                        1);
  };
  const Dataset data = load("x.npy", "y.npy");
  EXPECT_EQ(data.train.labels, (Labels{7, 3, 7, 3}));
  EXPECT_EQ(pixels_of(data.test), pixels);
  write("short.npy", npy("|u1", "2, 32, 32, 3", Bytes(100)));
  write("other.npy", npy("|u1", "2, 28, 28", Bytes(2 * 784)));
  write("long.npy", npy("|u1", "2, 32, 32, 3", Bytes(6145)));
  write("text.npy", npy("<U1", "2, 32, 32, 3", Bytes(4 * 6144)));
  write("one.npy", npy("<i8", "1,", Bytes(8)));
  write("large.npy", npy("|u1", "2,", {1, 10}));
  write("below.npy", npy("<i4", "2,", {1, 0, 0, 0, 255, 255, 255, 255}));
  write("junk.npy", {1, 2, 3});
  for (const char* images :
       {"short.npy", "long.npy", "other.npy", "text.npy", "junk.npy", "none.npy"})
    EXPECT_THROW(load(images, "y.npy"), Error) << images;
  for (const char* labels : {"one.npy", "large.npy", "below.npy", "x.npy", "junk.npy"})
    EXPECT_THROW(load("x.npy", labels), Error) << labels;
}

TEST_F(Files, ANegativeLabelOfOneByteIsNoClassEvenWhereThereAreMoreThan255) {
  const DatasetShape many{"made-up", {1, 1, 1}, 300};
  write("x.npy", npy("|u1", "2, 1, 1", {5, 6}));
  write("y.npy", npy("|u1", "2,", {1, 255}));
  write("negative.npy", npy("|i1", "2,", {1, 255}));
  const auto read = [&](const char* labels) {
    return read_with("NumPy files", {path("x.npy"), path(labels)}, many);
  };
  EXPECT_EQ(read("y.npy").labels, (Labels{1, 255}));
  const std::string problem = problem_of([&] { read("negative.npy"); });
  EXPECT_NE(problem.find("the label -1"), std::string::npos) << problem;
}

TEST(Batches, CoverARangeInOrderWithAShortOneAtTheEnd) {
  ImageSet set{.image = {1, 1, 1}};
  for (int i = 0; i < 33; ++i) {
    set.pixels.push_back(static_cast<std::uint8_t>(i));
    set.labels.push_back(static_cast<std::uint16_t>(i % 7));
  }
  std::vector<std::size_t> firsts, counts;
  int next = 4;
  for_each_batch(set, {4, 31}, 10, [&](const Batch& batch, std::size_t first) {
    firsts.push_back(first);
    counts.push_back(batch.labels.size());
    for (std::size_t i = 0; i < batch.labels.size(); ++i, ++next) {
      EXPECT_EQ(batch.labels[i], next % 7);
      EXPECT_FLOAT_EQ(batch.images.data()[i], static_cast<float>(next) / 255);
    }
  });
  EXPECT_EQ(firsts, (std::vector<std::size_t>{4, 14, 24}));
  EXPECT_EQ(counts, (std::vector<std::size_t>{10, 10, 7}));
  for_each_batch(set, {5, 5}, 10, [](const Batch&, std::size_t) { ADD_FAILURE(); });
}

TEST(Glyphs, AreAPureFunctionOfTheSeedAndNotOfTheirNumber) {
  const ImageSet few = make_glyphs(20, 3, 0), many = make_glyphs(50, 3, 0);
  EXPECT_TRUE(std::equal(few.pixels.begin(), few.pixels.end(), many.pixels.begin()));
  EXPECT_NE(make_glyphs(20, 4, 0).pixels, few.pixels);
  EXPECT_NE(make_glyphs(20, 3, 1).pixels, few.pixels) << "test images differ from training images";
}

TEST(Dataset, ValidationIsDisjointFromTrainingAndDrawnBySeed) {
  const auto load = [](std::uint64_t seed) {
    return load_dataset(
        {.name = "glyphs", .train_limit = 200, .test_limit = 10, .validation = 0.25}, seed);
  };
  const Dataset data = load(3);
  EXPECT_EQ(data.validation.size(), 50u);
  EXPECT_EQ(data.train.size(), 150u);
  const auto image = [](const ImageSet& set, std::size_t i) {
    return Bytes(set.pixels.begin() + static_cast<std::ptrdiff_t>(784 * i),
                 set.pixels.begin() + static_cast<std::ptrdiff_t>(784 * (i + 1)));
  };
  for (std::size_t v = 0; v < 50; ++v) {
    for (std::size_t t = 0; t < 150; ++t)
      ASSERT_NE(image(data.validation, v), image(data.train, t));
  }
  EXPECT_EQ(load(3).validation.labels, data.validation.labels);
}

TEST(Dataset, PixelsAreInTheUnitInterval) {
  const Dataset data = load_dataset({.name = "glyphs", .train_limit = 20, .test_limit = 10}, 1);
  Batch batch;
  const std::vector<std::uint32_t> order{3, 0};
  fill_batch(data.test, order, batch);
  const Tensor& images = batch.images;
  EXPECT_EQ(images.shape(), TensorShape(2, 28, 28, 1));
  EXPECT_EQ(batch.labels, (std::vector<int>{data.test.labels[3], data.test.labels[0]}));
  for (std::size_t i = 0; i < 784; ++i) {
    EXPECT_FLOAT_EQ(images.data()[i], static_cast<float>(data.test.pixels[3 * 784 + i]) / 255.0f);
  }
}

TEST(Dataset, CardRefusesMistypedNamesWithTheNearest) {
  const auto read = [](const std::string& text) {
    return problem_of([&] { read_card<DatasetCard>(parse_yaml(text, "card.yaml")); });
  };
  EXPECT_EQ(read("name: cifar10"), "");
  EXPECT_NE(read("name: fashon-mnist").find("'fashion-mnist'"), std::string::npos);
  EXPECT_NE(read("nane: cifar10").find("name"), std::string::npos);
  EXPECT_NE(read("validation: 1.5"), "");
}

class GetDatasets : public Files {
 protected:
  /// Runs the script against a mirror in our folder; its exit code.
  [[nodiscard]] int run(const std::string& arguments) const {
    const std::string command = std::string(LIGHTLOOM_SOURCE_DIR) + "/data/get-datasets --into " +
                                path("into") + " --mirror file://" + path("mirror") + " " +
                                arguments + " 2>" + path("said");
    return std::system((command + " >/dev/null").c_str()) / 256;
  }
  [[nodiscard]] std::string said() const {
    const Bytes bytes = read("said");
    return {bytes.begin(), bytes.end()};
  }
};

TEST_F(GetDatasets, RefusesFilesWithAWrongChecksumAndKeepsNothing) {
  fs::create_directories(root_ / "mirror/mnist");
  write("mirror/mnist/train-images-idx3-ubyte.gz", Bytes{1, 2, 3});
  EXPECT_EQ(run("mnist"), 1);
  EXPECT_NE(said().find("checksum"), std::string::npos) << said();
  EXPECT_TRUE(fs::is_empty(root_ / "into/mnist"));
}

TEST_F(GetDatasets, SaysWhatIsMissingOrMistyped) {
  EXPECT_EQ(run("mnist"), 1);
  EXPECT_NE(said().find("cannot download"), std::string::npos);
  EXPECT_EQ(run("mnits"), 2);
  EXPECT_NE(said().find("known: mnist"), std::string::npos);
  EXPECT_EQ(run(""), 2);
  EXPECT_EQ(run("--form x"), 2);
}

}  // namespace
}  // namespace lightloom::nn

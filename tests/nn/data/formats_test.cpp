// Folders of images, MATLAB files and HDF5 arrays.
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "core/error.hpp"
#include "core/files/labelled.hpp"
#include "nn/data/dataset.hpp"
#include "tests/made_files.hpp"
#include "tests/made_matlab.hpp"
#include "tests/nn/data/read_with.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

class Formats : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(root_); }
  void TearDown() override { fs::remove_all(root_); }

  std::string write(const std::string& name, const Bytes& bytes) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return (root_ / name).string();
  }
  std::string write_text(const std::string& name, const std::string& bytes) const {
    return write(name, Bytes(bytes.begin(), bytes.end()));
  }
  static std::string problem_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& problem) {
      return problem.what();
    }
    return "";
  }

  fs::path root_ = scratch_path("formats");
};

const DatasetShape colour{"made-up", {2, 3, 3}, 10}, grey{"made-up", {2, 3, 1}, 2};

std::string matrix(const std::string& name, const std::vector<std::int32_t>& sides,
                   const Bytes& data) {
  return made::mat_matrix(
      {.name = name, .sides = sides, .parts = {{2, std::string(data.begin(), data.end())}}});
}

/// Two images of 2 x 3 x 3, pixel (h, w, c) of image n is 100 n + 30 c + 10 h + w.
Bytes columns_first() {
  Bytes x;
  for (int n = 0; n < 2; ++n)
    for (int c = 0; c < 3; ++c)
      for (int w = 0; w < 3; ++w)
        for (int h = 0; h < 2; ++h)
          x.push_back(static_cast<std::uint8_t>(100 * n + 30 * c + 10 * h + w));
  return x;
}

void expect_two_images(const ImageSet& set) {
  ASSERT_EQ(set.size(), 2u);
  std::size_t at = 0;
  for (int n = 0; n < 2; ++n)
    for (int h = 0; h < 2; ++h)
      for (int w = 0; w < 3; ++w)
        for (int c = 0; c < 3; ++c)
          EXPECT_EQ(set.pixels[at++], 100 * n + 30 * c + 10 * h + w) << n << h << w << c;
}

TEST_F(Formats, SvhnComesPlainAndCompressedWithTenAsTheDigitZero) {
  using namespace made;
  const std::string x = matrix("X", {2, 3, 3, 2}, columns_first()),
                    y = matrix("y", {2, 1}, {10, 3});
  const std::string doubles =
      mat_matrix({.name = "y",
                  .sides = {2, 1},
                  .flags = 6,
                  .parts = {{9, ordered(std::vector<double>{10, 3}, Order::little)}}});
  for (const std::string& file : {mat_file({x, y}), mat_file({x, doubles}),
                                  mat_file({mat_compressed(x), mat_compressed(y)})}) {
    const ImageSet set = read_with("MATLAB files", {write_text("t.mat", file)}, colour);
    expect_two_images(set);
    EXPECT_EQ(set.labels, (std::vector<std::uint16_t>{0, 3}));
  }
}

TEST_F(Formats, EveryCutOfAMatlabFileIsOneSentence) {
  const std::string whole = made::mat_file({matrix("X", {2, 3, 3, 2}, columns_first()),
                                            made::mat_compressed(matrix("y", {2, 1}, {10, 3}))});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string path = write_text("t.mat", whole.substr(0, length));
    EXPECT_NE(problem_of([&] { read_with("MATLAB files", {path}, colour); }), "") << length;
  }
}

TEST_F(Formats, MatlabLabelsOutsideOfOneToTenAndOtherShapesAreRefused) {
  const std::string x = matrix("X", {2, 3, 3, 2}, columns_first());
  for (const std::string& y : {matrix("y", {2, 1}, {0, 3}), matrix("y", {2, 1}, {11, 3}),
                               matrix("y", {3, 1}, {1, 2, 3}), matrix("z", {2, 1}, {1, 2})}) {
    const std::string path = write_text("t.mat", made::mat_file({x, y}));
    EXPECT_NE(problem_of([&] { read_with("MATLAB files", {path}, colour); }), "");
  }
  const std::string path = write_text("t.mat", made::mat_file({x, matrix("y", {2, 1}, {1, 2})}));
  EXPECT_NE(problem_of([&] { read_with("MATLAB files", {path}, {"made-up", {3, 2, 3}, 10}); }), "");
}

Bytes text_and(const std::string& text, const Bytes& data) {
  Bytes bytes(text.begin(), text.end());
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

TEST_F(Formats, FoldersOfImagesAreClassesInTheOrderOfTheirNames) {
  write("set/b-cats/2.pgm", text_and("P5\n# a comment\n3 2\n255\n", {1, 2, 3, 4, 5, 6}));
  write("set/a-dogs/1.pgm", text_and("P5 3 2 255\n", {7, 8, 9, 10, 11, 12}));
  write("set/a-dogs/.hidden", {1});
  const std::string folder = (root_ / "set").string();
  const ImageSet set = read_with("folders of images", {folder}, grey);
  EXPECT_EQ(set.labels, (std::vector<std::uint16_t>{0, 1}));
  EXPECT_EQ(pixels_of(set), (Bytes{7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6}));
  const Bytes pixels(18, 200);
  write("colours/only/1.ppm", text_and("P6\n3 2\n255\n", pixels));
  EXPECT_EQ(pixels_of(read_with("folders of images", {(root_ / "colours").string()},
                                {"made-up", {2, 3, 3}, 1})),
            pixels);
}

TEST_F(Formats, ImagesThatDoNotFitAreOneSentence) {
  const auto problem = [&](const std::string& name, const Bytes& image) {
    fs::remove_all(root_ / "set");
    write("set/a/1" + name, image);
    write("set/b/1.pgm", text_and("P5 3 2 255\n", {7, 8, 9, 10, 11, 12}));
    return problem_of([&] { read_with("folders of images", {(root_ / "set").string()}, grey); });
  };
  EXPECT_EQ(problem(".pgm", text_and("P5 3 2 255\n", {1, 2, 3, 4, 5, 6})), "");
  EXPECT_NE(problem(".pgm", text_and("P5 3 2 255\n", {1, 2, 3, 4, 5})), "") << "too short";
  EXPECT_NE(problem(".pgm", text_and("P5 2 3 255\n", {1, 2, 3, 4, 5, 6})), "") << "turned";
  EXPECT_NE(problem(".pgm", text_and("P6 3 2 255\n", {1, 2, 3, 4, 5, 6})), "") << "coloured";
  EXPECT_NE(problem(".pgm", text_and("P5 3 2 65535\n", Bytes(12, 1))), "") << "16 bits";
  EXPECT_NE(problem(".png", {1, 2, 3}), "") << "no PNG";
  EXPECT_NE(problem(".gif", {1, 2, 3}), "") << "another kind";
  fs::remove_all(root_ / "set" / "b");
  EXPECT_NE(problem_of([&] { read_with("folders of images", {(root_ / "set").string()}, grey); }),
            "")
      << "one class";
}

/// A chunk of a PNG file.
Bytes chunk(const std::string& type, const Bytes& data) {
  const auto big = [](std::uint32_t value) {
    return Bytes{static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
                 static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
  };
  const Bytes body = text_and(type, data);
  Bytes all = big(static_cast<std::uint32_t>(data.size()));
  all.insert(all.end(), body.begin(), body.end());
  const Bytes sum =
      big(static_cast<std::uint32_t>(crc32(0, body.data(), static_cast<uInt>(body.size()))));
  all.insert(all.end(), sum.begin(), sum.end());
  return all;
}

TEST_F(Formats, PngImagesAreRead) {
  const Bytes rows{0, 1, 2, 3, 0, 4, 5, 6};  // a filter byte before each row
  const std::string packed = made::mat_compressed(std::string(rows.begin(), rows.end()));
  Bytes png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  for (const Bytes& part :
       {chunk("IHDR", {0, 0, 0, 3, 0, 0, 0, 2, 8, 0, 0, 0, 0}),
        chunk("IDAT", Bytes(packed.begin() + 8, packed.end())), chunk("IEND", {})})
    png.insert(png.end(), part.begin(), part.end());
  write("set/only/1.png", png);
  const DatasetShape one{"made-up", {2, 3, 1}, 1};
  const std::string folder = (root_ / "set").string();
  const std::string problem = problem_of([&] { read_with("folders of images", {folder}, one); });
  if (problem.find("without libpng") != std::string::npos) GTEST_SKIP() << problem;
  EXPECT_EQ(pixels_of(read_with("folders of images", {folder}, one)), (Bytes{1, 2, 3, 4, 5, 6}));
  for (std::size_t cut = 9; cut + 13 < png.size(); cut += 7) {
    write("set/only/1.png", Bytes(png.begin(), png.begin() + static_cast<std::ptrdiff_t>(cut)));
    EXPECT_NE(problem_of([&] { read_with("folders of images", {folder}, one); }), "") << cut;
  }
}

TEST_F(Formats, ListsAreReadByTheEndingOfTheirFirstFile) {
  const DatasetCard card{.name = "mnist",
                         .root = root_.string(),
                         .train = {"folder"},
                         .test = {},
                         .validate = {},
                         .validation = 0};
  for (int digit = 0; digit < 10; ++digit)
    write("folder/" + std::to_string(digit) + "/1.pgm", text_and("P5 28 28 255\n", Bytes(784, 9)));
  const Dataset data = load_dataset(card, 1);
  EXPECT_EQ(data.train.size(), 10u);
  EXPECT_EQ(data.train.labels[9], 9);
  EXPECT_EQ(data.test.size(), 0u);
}

/// numpy.ndarray of bytes as Python 3 pickles it in protocol 2.
std::string pickled_array(const std::vector<std::int32_t>& sides, const std::string& utf8) {
  using namespace made;
  const std::string type =
      global("numpy", "dtype") + tuple(text("u1") + integer(0) + integer(1)) + "R" +
      tuple(integer(3) + text("|") + "NNN" + integer(-1) + integer(-1) + integer(0)) + "b";
  return global("numpy.core.multiarray", "_reconstruct") +
         tuple(global("numpy", "ndarray") + integers({0}) + text("b")) + "R" +
         tuple(integer(1) + integers(sides) + type + "\x89" + global("_codecs", "encode") +
               tuple(text(utf8) + text("latin1")) + "R") +
         "b";
}

TEST_F(Formats, PicklesOfCifarAreTheSameImagesAsItsRecords) {
  // Two images of 2 x 3 x 3, channel by channel; 200 is two bytes in UTF-8.
  Bytes planes, records;
  std::string utf8;
  for (int n = 0; n < 2; ++n) {
    records.push_back(static_cast<std::uint8_t>(n == 0 ? 7 : 3));
    for (int i = 0; i < 18; ++i) {
      const auto sample = static_cast<std::uint8_t>(n == 0 ? i : 200 - i);
      records.push_back(sample);
      if (sample < 128)
        utf8 += static_cast<char>(sample);
      else
        utf8 += {static_cast<char>(0xc0 | sample >> 6), static_cast<char>(0x80 | (sample & 63))};
    }
  }
  const std::string items = made::text("data") + pickled_array({2, 18}, utf8) +
                            made::text("labels") + "](" + made::integer(7) + made::integer(3) + "e";
  const std::string path = (root_ / "data_batch_1").string();
  made::write(path, made::pickle("}(" + items + "u"));
  const ImageSet set = read_with("CIFAR-10 records", {path}, colour);
  const ImageSet plain = read_with("CIFAR-10 records", {write("r.bin", records)}, colour);
  EXPECT_EQ(pixels_of(set), pixels_of(plain));
  EXPECT_EQ(set.pixels[1], 6) << "channel 1 of the first pixel";
  EXPECT_EQ(set.labels, (std::vector<std::uint16_t>{7, 3}));
  EXPECT_EQ(plain.labels, set.labels);
  made::write(path, made::pickle("}(" + made::text("names") + "]u"));
  EXPECT_NE(problem_of([&] { read_with("CIFAR-10 records", {path}, colour); }).find("batches.meta"),
            std::string::npos);
}

TEST(Readers, EveryFormatHasANameAndEveryDataSetOneReaderOfItsOwn) {
  std::set<std::string_view> formats, datasets;
  for (const Reader& reader : readers()) {
    EXPECT_TRUE(formats.insert(reader.format).second) << reader.format;
    EXPECT_NE(reader.read, nullptr);
    EXPECT_TRUE(reader.takes != nullptr || !reader.published.empty()) << reader.format;
    for (const PublishedFiles& files : reader.published) {
      EXPECT_NO_THROW((void)dataset_shape(files.dataset)) << files.dataset;
      EXPECT_TRUE(datasets.insert(files.dataset).second) << files.dataset;
      EXPECT_FALSE(files.train.empty() || files.test.empty()) << files.dataset;
    }
  }
}

TEST_F(Formats, ADataSetWithoutAReaderSaysWhatMayBeListed) {
  const std::string problem = problem_of([&] { load_dataset({.name = "imagenet"}, 1); });
  for (const char* format : {"NumPy files", "HDF5 files", "MATLAB files", "folders of images"})
    EXPECT_NE(problem.find(format), std::string::npos) << problem;
}

TEST_F(Formats, AnHdf5FileWithoutImagesIsOneSentence) {
  const std::string path = (root_ / "other.h5").string();
  write_labelled(path, {});
  EXPECT_NE(problem_of([&] { read_with("HDF5 files", {path}, grey); }).find("images"),
            std::string::npos);
  EXPECT_NE(problem_of([&] { read_with("HDF5 files", {write("no.h5", {1, 2, 3})}, grey); }), "");
  EXPECT_NE(problem_of([&] { read_with("HDF5 files", {(root_ / "none.h5").string()}, grey); }), "");
}

TEST_F(Formats, Hdf5ImagesOfH5pyAreRead) {
  const std::string script = write(
      "make.py", text_and("import h5py, numpy as np, sys\n"
                          "with h5py.File(sys.argv[1], 'w') as f:\n"
                          "    f.create_dataset('images', data=np.arange(12, "
                          "dtype=np.uint8).reshape(2, 2, 3, 1), chunks=True, compression='gzip')\n"
                          "    f['labels'] = np.array([1, 0], dtype=np.int32)\n"
                          "with h5py.File(sys.argv[2], 'w') as f:\n"
                          "    f['images'] = np.zeros((2, 2, 3), dtype=np.float32)\n"
                          "    f['labels'] = np.array([1, 0])\n"
                          "with h5py.File(sys.argv[3], 'w') as f:\n"
                          "    f['images'] = np.zeros((2, 2, 3), dtype=np.uint8)\n"
                          "    f['labels'] = np.array([1, 2])\n"
                          "with h5py.File(sys.argv[4], 'w') as f:\n"
                          "    f['train/x'] = np.full((1, 2, 3), 9, dtype='>i2')\n"
                          "    f['train/y'] = np.array([[1.0]])\n"
                          "    f['test/x'] = np.full((2, 2, 3), 8, dtype=np.uint8)\n"
                          "    f['test/y'] = np.eye(2)\n"
                          "with h5py.File(sys.argv[5], 'w') as f:\n"
                          "    f.create_dataset('images', data=np.zeros((2, 2, 3), "
                          "dtype=np.uint8), compression='lzf')\n"
                          "    f['labels'] = np.array([1, 0])\n",
                          {}));
  const std::string good = (root_ / "good.h5").string(), floats = (root_ / "floats.h5").string(),
                    label = (root_ / "label.h5").string(), groups = (root_ / "groups.h5").string(),
                    lzf = (root_ / "lzf.h5").string();
  const std::string command = "/usr/bin/python3 " + script + " " + good + " " + floats + " " +
                              label + " " + groups + " " + lzf + " 2>/dev/null";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "python3-h5py is not installed";
  const ImageSet set = read_with("HDF5 files", {good, good}, grey);
  EXPECT_EQ(set.labels, (std::vector<std::uint16_t>{1, 0, 1, 0}));
  EXPECT_EQ(Bytes(set.pixels.begin(), set.pixels.begin() + 12),
            (Bytes{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(read_with("HDF5 files", {floats}, grey).values.size(), 12u);
  EXPECT_NE(problem_of([&] { read_with("HDF5 files", {label}, grey); }).find("label 2"),
            std::string::npos);
  DatasetShape part = grey;
  EXPECT_EQ(pixels_of(read_with("HDF5 files", {groups}, part)), Bytes(6, 9));
  part.reading.part = Part::test;
  const ImageSet test = read_with("HDF5 files", {groups}, part);
  EXPECT_EQ(pixels_of(test), Bytes(12, 8));
  EXPECT_EQ(test.labels, (std::vector<std::uint16_t>{0, 1}));
  EXPECT_NE(problem_of([&] { read_with("HDF5 files", {lzf}, grey); }).find("LZF"),
            std::string::npos);
}

}  // namespace
}  // namespace lightloom::nn

// PNG, JPEG and PNM as their samples, and what is made of them.
#include "nn/data/images/picture.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdio>
#include <filesystem>
#if __has_include(<jpeglib.h>)
#include <jpeglib.h>
#define LIGHTLOOM_TESTS_WRITE_JPEG
#endif

#include "core/error.hpp"
#include "nn/data/dataset.hpp"
#include "tests/made_files.hpp"
#include "tests/nn/data/read_with.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn {
namespace {

using Samples = std::vector<std::uint8_t>;

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::string png_chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const auto sum = static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(body.data()), body.size()));
  return big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(sum);
}

/// A PNG of these rows, each with its filter byte in front.
std::string png(std::uint32_t width, std::uint32_t height, int bits, int colour,
                const std::string& rows, const std::string& extra = "") {
  std::string packed(compressBound(static_cast<uLong>(rows.size())), '\0');
  auto size = static_cast<uLongf>(packed.size());
  compress(reinterpret_cast<Bytef*>(packed.data()), &size,
           reinterpret_cast<const Bytef*>(rows.data()), static_cast<uLong>(rows.size()));
  packed.resize(size);
  const std::string header =
      big_endian(width) + big_endian(height) +
      std::string{static_cast<char>(bits), static_cast<char>(colour), 0, 0, 0};
  return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", header) + extra + png_chunk("IDAT", packed) +
         png_chunk("IEND", "");
}

class Pictures : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  Picture read(const std::string& bytes) const { return read_picture(made::write(path_, bytes)); }
  std::string problem_of(const std::string& bytes) const {
    try {
      read(bytes);
    } catch (const Error& problem) {
      return problem.what();
    }
    return "";
  }
  bool without_png() const {
    return problem_of(png(1, 1, 8, 0, std::string("\0\1", 2))).find("without libpng") !=
           std::string::npos;
  }

  std::string path_ = scratch_path("image").string();
};

TEST_F(Pictures, SamplesOfAPngStayAsTheyAreWhateverItSaysOfGamma) {
  if (without_png()) GTEST_SKIP() << "without libpng";
  for (const std::uint32_t gamma : {100000u, 45455u, 1u}) {
    const std::string said = png_chunk("gAMA", big_endian(gamma));
    EXPECT_EQ(read(png(3, 1, 8, 0, std::string("\0\x01\x80\xfe", 4), said)).samples,
              (Samples{1, 128, 254}));
    // 16 bits: v / 257, rounded.
    EXPECT_EQ(read(png(2, 1, 16, 0, std::string("\0\x80\x80\x00\xff", 5), said)).samples,
              (Samples{128, 1}));
  }
  EXPECT_EQ(read(png(2, 1, 16, 0, std::string("\0\x80\x80\x00\xff", 5))).samples, (Samples{128, 1}))
      << "without a colour chunk";
}

TEST_F(Pictures, PalettesAreLookedUpTransparencyIsLeftOutBitsAreStretched) {
  if (without_png()) GTEST_SKIP() << "without libpng";
  const std::string palette = png_chunk("PLTE", std::string("\x0a\x14\x1e\x28\x32\x3c", 6));
  EXPECT_EQ(read(png(2, 1, 8, 3, std::string("\0\1\0", 3), palette)).samples,
            (Samples{40, 50, 60, 10, 20, 30}));
  const std::string clear = palette + png_chunk("tRNS", std::string("\0\x80", 2));
  EXPECT_EQ(read(png(2, 1, 8, 3, std::string("\0\1\0", 3), clear)).samples,
            (Samples{40, 50, 60, 10, 20, 30}));
  const Picture rgba = read(png(1, 1, 8, 6, std::string("\0\x10\x20\x30\x00", 5)));
  EXPECT_EQ(rgba.samples, (Samples{16, 32, 48}));
  EXPECT_EQ(read(png(1, 1, 8, 4, std::string("\0\x77\x01", 3))).samples, Samples{0x77});
  EXPECT_EQ(read(png(4, 1, 1, 0, std::string("\0\xa0", 2))).samples, (Samples{255, 0, 255, 0}));
}

TEST_F(Pictures, DamagedImagesAreOneSentence) {
  if (without_png()) GTEST_SKIP() << "without libpng";
  const std::string good = png(3, 2, 8, 2, std::string(2 * 10, '\0'));
  EXPECT_EQ(problem_of(good), "");
  for (std::size_t size = 0; size + 12 < good.size(); ++size)
    EXPECT_NE(problem_of(good.substr(0, size)), "") << size;
  EXPECT_NE(problem_of(png(60000, 60000, 8, 2, "x")).find("claims to be"), std::string::npos);
  EXPECT_NE(problem_of("P6 60000 60000 255\nxxx").find("claims to be"), std::string::npos);
  EXPECT_NE(problem_of("GIF89a...").find("GIF"), std::string::npos);
  for (const char* bad : {"P5", "P5 1", "P5 1 1", "P5 1 1 255", "P5 -1 1 255\nx", "P5 # c", "P5#"})
    EXPECT_NE(problem_of(bad), "") << bad;
}

TEST(PictureChannels, GreyIsTheWeightedSumAndColourThreeOfTheSame) {
  // 0.299 R + 0.587 G + 0.114 B of (10, 200, 30): 2.99 + 117.4 + 3.42 = 123.81
  const Picture colour{1, 1, 3, {10, 200, 30}};
  EXPECT_EQ(with_channels(colour, 1).samples, Samples{124});
  EXPECT_EQ(with_channels({1, 2, 1, {7, 9}}, 3).samples, (Samples{7, 7, 7, 9, 9, 9}));
}

TEST(PictureSizes, HalvingTakesTheTriangleOverFourPixels) {
  // From 4 to 2: centres 1 and 3, reach 2; pixel centres 0.5, 1.5, 2.5 (3.5) at distances 0.5, 0.5,
  // 1.5 weigh 0.75, 0.75, 0.25, together 1.75.
  const Picture row = resized(
      {4, 4, 1, {0, 70, 140, 210, 0, 70, 140, 210, 0, 70, 140, 210, 0, 70, 140, 210}}, 2, "p");
  EXPECT_EQ(row.width, 2);
  EXPECT_EQ(row.height, 2);
  const int left = 50, right = 160;  // (52.5 + 35) / 1.75; (157.5 + 105 + 17.5) / 1.75
  EXPECT_EQ(row.samples, (Samples{left, right, left, right}));
}

TEST(PictureSizes, TheShorterSideIsScaledAndTheMiddleTaken) {
  Picture wide{2, 6, 3, {}};
  for (int i = 0; i < 36; ++i) wide.samples.push_back(static_cast<std::uint8_t>(i));
  const Picture same = resized(wide, 2, "p");
  EXPECT_EQ(same.samples, wide.samples);
  const Picture middle = centre_crop(same, 2, 2, "p");
  EXPECT_EQ(middle.samples, (Samples{6, 7, 8, 9, 10, 11, 24, 25, 26, 27, 28, 29}));
  const Picture large = resized(wide, 4, "p");
  EXPECT_EQ(large.height, 4);
  EXPECT_EQ(large.width, 12);
  EXPECT_THROW(centre_crop(wide, 3, 2, "p"), Error);
  const Picture flat = resized({5, 3, 1, Samples(15, 99)}, 7, "p");
  EXPECT_EQ(flat.samples, Samples(7 * 11, 99)) << "11 = 7 * 5 / 3";
}

TEST(PictureSizes, NarrowPicturesAreNotScaledToMoreThanMemoryHolds) {
  // 224 x 224 * 60,000 = 3.0e9 samples; 2^28 = 2.7e8. And past the range of int: 2^31 = 2.1e9.
  for (const int length : {60'000, 20'000'000})
    for (const Picture& narrow : {Picture{length, 1, 1, Samples(std::size_t(length), 1)},
                                  Picture{1, length, 1, Samples(std::size_t(length), 1)}})
      EXPECT_THROW(resized(narrow, 224, "p"), Error) << length;
  EXPECT_EQ(resized({1, 100, 1, Samples(100, 1)}, 224, "p").width, 22'400);
}

TEST_F(Pictures, FoldersAreScaledWhenTheCardAsks) {
  const auto root = scratch_path("scaled");
  for (const char* name : {"a", "b"}) {
    std::filesystem::create_directories(root / name);
    made::write((root / name / "1.pgm").string(), "P5 4 8 255\n" + std::string(32, 'x'));
  }
  DatasetCard card{.name = "mine", .train = {root.string()}, .test = {}, .validation = 0};
  EXPECT_EQ(shape_of(card).image, (MapShape{8, 4, 1}));
  EXPECT_EQ(shape_of(card).classes, 2);
  card.reading.resize = 2;
  const Dataset data = load_dataset(card, 1);
  EXPECT_EQ(data.shape.image, (MapShape{2, 2, 1}));
  EXPECT_EQ(pixels_of(data.train), Samples(8, 'x'));
  card.reading.resize = 0;
  card.height = card.width = 4;
  EXPECT_THROW(load_dataset(card, 1), Error) << "8 x 4 is not 4 x 4";
  std::filesystem::remove_all(root);
}

std::string jpeg_segment(char kind, const std::string& data) {
  const std::string length = big_endian(static_cast<std::uint32_t>(data.size() + 2)).substr(2);
  return "\xff" + (kind + length) + data;
}

/// A progressive JPEG of 3 x 2 grey pixels whose codes are all a single 0: a scan of means, and
/// `scans` of the rest that say nothing. `bits` stand for a scan.
std::string jpeg_of_scans(int scans, const std::string& bits = "\x7f") {
  std::string bytes = "\xff\xd8" +
                      jpeg_segment('\xdb', std::string(1, '\0') + std::string(64, '\1')) +
                      jpeg_segment('\xc2', {8, 0, 2, 0, 3, 1, 1, 0x11, 0});
  for (const char table : {'\x00', '\x10'})
    bytes += jpeg_segment('\xc4', std::string{table, 1} + std::string(16, '\0'));
  bytes += jpeg_segment('\xda', {1, 1, 0, 0, 0, 0}) + "\x7f";
  for (int i = 0; i < scans; ++i) bytes += jpeg_segment('\xda', {1, 1, 0, 1, 63, 0}) + bits;
  return bytes + "\xff\xd9";
}

TEST_F(Pictures, JpegsOfEndlessScansAreRefusedAndTheReasonIsSaid) {
  if (problem_of(jpeg_of_scans(1)).find("without libjpeg") != std::string::npos) GTEST_SKIP();
  EXPECT_EQ(read(jpeg_of_scans(1)).samples, Samples(6, 128));
  EXPECT_EQ(read(jpeg_of_scans(100)).samples, Samples(6, 128));
  EXPECT_NE(problem_of(jpeg_of_scans(100'000)).find("more than 200 scans"), std::string::npos);
  EXPECT_NE(problem_of(jpeg_of_scans(1, "")).find("(Corrupt JPEG data: premature end"),
            std::string::npos);
  EXPECT_NE(problem_of("\xff\xd8\xff\xd9").find("(JPEG datastream contains no image)"),
            std::string::npos);
}

#ifdef LIGHTLOOM_TESTS_WRITE_JPEG
std::string jpeg(const Picture& picture) {
  jpeg_compress_struct writer{};
  jpeg_error_mgr errors{};
  writer.err = jpeg_std_error(&errors);
  jpeg_create_compress(&writer);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&writer, &bytes, &size);
  writer.image_width = static_cast<JDIMENSION>(picture.width);
  writer.image_height = static_cast<JDIMENSION>(picture.height);
  writer.input_components = picture.channels;
  writer.in_color_space = picture.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&writer);
  jpeg_set_quality(&writer, 100, TRUE);
  jpeg_start_compress(&writer, TRUE);
  const auto row = static_cast<std::size_t>(picture.width * picture.channels);
  while (writer.next_scanline < writer.image_height) {
    auto* from = const_cast<JSAMPROW>(picture.samples.data() + writer.next_scanline * row);
    jpeg_write_scanlines(&writer, &from, 1);
  }
  jpeg_finish_compress(&writer);
  jpeg_destroy_compress(&writer);
  std::string all(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return all;
}

TEST_F(Pictures, JpegsAreReadGreyAndInColourAndNotWhenCut) {
  for (const int channels : {1, 3}) {
    Picture smooth{17, 33, channels, {}};
    for (int h = 0; h < 17; ++h)
      for (int w = 0; w < 33; ++w)
        for (int c = 0; c < channels; ++c)
          smooth.samples.push_back(static_cast<std::uint8_t>(40 + 3 * h + 2 * w + 5 * c));
    const std::string bytes = jpeg(smooth);
    if (problem_of(bytes).find("without libjpeg") != std::string::npos) GTEST_SKIP();
    const Picture back = read(bytes);
    ASSERT_EQ(back.height, 17);
    ASSERT_EQ(back.width, 33);
    ASSERT_EQ(back.channels, channels);
    for (std::size_t i = 0; i < smooth.samples.size(); ++i)
      EXPECT_NEAR(back.samples[i], smooth.samples[i], channels == 1 ? 2 : 6);
    for (std::size_t size = 3; size < bytes.size(); size += 13)
      EXPECT_NE(problem_of(bytes.substr(0, size)), "") << size;
  }
}
#endif

}  // namespace
}  // namespace lightloom::nn

#include "nn/packing/packed_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"
#include "nn/weights/source_card.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn {
namespace {

std::vector<std::uint32_t> random_words(std::size_t count, int bits) {
  const Stream stream({.seed = 9, .purpose = Purpose::test});
  std::vector<std::uint32_t> words;
  for (std::size_t i = 0; i < count; ++i) words.push_back(stream.bits(i)[0] >> (32 - bits));
  return words;
}

PackedFile example() {
  PackedFile file{.about = {{"model", "cnn3"}, {"weights", "{source: multilevel, intra: 2}"}}};
  for (const int bits : {1, 3, 6, 8, 13, 32}) {
    PackedSection section{.layer = "layer " + std::to_string(bits)};
    section.streams.push_back({.name = "basis", .bits = bits, .words = random_words(101, bits)});
    section.streams.push_back({.name = "scale",
                               .bits = 32,
                               .in_ratio = false,
                               .exposed = false,
                               .words = random_words(1, 32)});
    file.sections.push_back(std::move(section));
  }
  return file;
}

TEST(PackWords, ReturnEveryWordOfEveryWidth) {
  for (int bits = 1; bits <= 32; ++bits)
    for (const std::size_t count : {0u, 1u, 7u, 33u}) {
      const auto words = random_words(count, bits);
      const auto bytes = pack_words(words, bits);
      EXPECT_EQ(bytes.size(), (count * static_cast<std::size_t>(bits) + 7) / 8);
      EXPECT_EQ(unpack_words(bytes, bits, count), words) << bits;
    }
}

TEST(PackWords, PutLowBitsFirst) {
  const std::uint32_t words[] = {0b101, 0b011, 0b110};
  EXPECT_EQ(pack_words(words, 3), (std::vector<std::uint8_t>{0b10011101, 0b1}));
}

TEST(PackedFile, ReturnsWhatItWasGiven) {
  const PackedFile file = example(), back = unpack(pack(file), "test");
  EXPECT_EQ(back.about, file.about);
  ASSERT_EQ(back.sections.size(), file.sections.size());
  for (std::size_t i = 0; i < file.sections.size(); ++i) {
    EXPECT_EQ(back.sections[i].layer, file.sections[i].layer);
    ASSERT_EQ(back.sections[i].streams.size(), file.sections[i].streams.size());
    for (std::size_t s = 0; s < file.sections[i].streams.size(); ++s) {
      const CodedStream &a = file.sections[i].streams[s], &b = back.sections[i].streams[s];
      EXPECT_EQ(a.words, b.words);
      EXPECT_TRUE(a.name == b.name && a.bits == b.bits && a.in_ratio == b.in_ratio &&
                  a.exposed == b.exposed);
    }
  }
}

TEST(PackedFile, IsAsLongAsItsCountSays) {
  const PackedFile file = example();
  const PackedSize size = size_of(file);
  EXPECT_EQ(static_cast<std::int64_t>(8 * pack(file).size()), size.total_bits());
  EXPECT_EQ(size.ratio_bits, 101 * (1 + 3 + 6 + 8 + 13 + 32));
  EXPECT_EQ(size.extra_bits, 6 * 32);
}

TEST(PackedFile, RefusesWhatIsForeignDamagedOrCut) {
  const std::vector<std::uint8_t> good = pack(example());
  EXPECT_THROW(unpack({}, "empty"), Error);
  EXPECT_THROW(unpack(std::vector<std::uint8_t>(100, 'x'), "foreign"), Error);
  for (const std::size_t at : {0u, 9u, 13u, 17u, 40u}) {
    std::vector<std::uint8_t> bad = good;
    bad[at] ^= 0x40;
    EXPECT_THROW(unpack(bad, "damaged"), Error) << at;
  }
  std::vector<std::uint8_t> last = good;
  last.back() ^= 1;
  EXPECT_THROW(unpack(last, "damaged"), Error);
  for (std::size_t size = 1; size < good.size(); size += 13)
    EXPECT_THROW(unpack(std::span(good).first(size), "cut"), Error) << size;
  std::vector<std::uint8_t> longer = good;
  longer.push_back(0);
  EXPECT_THROW(unpack(longer, "longer"), Error);
}

TEST(PackedFile, SurvivesTheDisk) {
  const auto path = scratch_path("pack-test.llw").string();
  const PackedFile file = example();
  write_packed(path, file);
  EXPECT_EQ(std::filesystem::file_size(path), pack(file).size());
  EXPECT_EQ(pack(read_packed(path)), pack(file));
  std::filesystem::remove(path);
  EXPECT_THROW(read_packed(path), Error);
  EXPECT_THROW(write_packed("/no/such/folder/file.llw", file), Error);
}

TEST(PackedFile, ARegeneratedLayerIsTheSameToTheBit) {
  const LayerShape shape{
      .name = "c", .in_channels = 17, .out_channels = 23, .kernel_height = 3, .kernel_width = 3};
  const SourceCard card{.source = "multilevel",
                        .settings = MultilevelCard{.bits = {3, 6, 3}, .intra = 2, .cross = 9}};
  const auto source = make_source(card, shape);
  std::vector<float> weight(static_cast<std::size_t>(shape.weights())), back(weight.size());
  fill_normal(Stream({.seed = 9}), 0, weight);
  source->encode(weight);
  source->materialise(weight);
  const PackedFile file =
      unpack(pack({.sections = {{.layer = "c", .streams = source->codes()}}}), "test");
  make_source(card, shape)->decode(file.sections[0].streams, back);
  EXPECT_EQ(back, weight);
  EXPECT_EQ(size_of(file).ratio_bits, 9 * 2 * 9 * 3 + 9 * 17 * 2 * 6 + 23 * 9 * 3);
}

}  // namespace
}  // namespace lightloom::nn

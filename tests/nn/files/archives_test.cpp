// Zip archives, pickles and NumPy arrays of strangers.
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "core/error.hpp"
#include "nn/files/large_vector.hpp"
#include "nn/files/number_rows.hpp"
#include "nn/files/numbers.hpp"
#include "nn/files/pickle.hpp"
#include "nn/files/zip.hpp"
#include "tests/nn/files/made_files.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn {
namespace {

class Archives : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  void write(const std::string& bytes) const { made::write(path_, bytes); }
  std::string member(std::size_t number) const {
    return read_member(path_, zip_members(path_).at(number));
  }

  std::string path_ = scratch_path("archive.zip").string();
};

std::string long_text() {
  std::string text;
  for (int i = 0; i < 33333; ++i) text += static_cast<char>('a' + i % 23);
  return text;
}

TEST_F(Archives, MembersComeBackStoredAndDeflated) {
  for (const auto packing : {made::Packing::stored, made::Packing::deflated}) {
    write(made::zip({{"a", "first"}, {"b/c", long_text()}, {"empty", ""}}, packing));
    ASSERT_EQ(zip_members(path_).size(), 3u);
    EXPECT_EQ(zip_members(path_)[1].name, "b/c");
    EXPECT_EQ(member(0), "first");
    EXPECT_EQ(member(1), long_text());
    EXPECT_EQ(member(2), "");
  }
}

TEST_F(Archives, EveryDamagedByteIsNoticedOrLeavesTheContents) {
  const std::string good = made::zip({{"a", "some contents"}}, made::Packing::deflated);
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x55);
    write(bad);
    try {
      for (const ZipMember& one : zip_members(path_)) {
        EXPECT_EQ(read_member(path_, one), "some contents") << at;
      }
    } catch (const Error&) {
    }
  }
}

TEST_F(Archives, CutArchivesAreRefused) {
  const std::string good = made::zip({{"a", "first"}, {"b", long_text()}});
  for (std::size_t size = 0; size < good.size(); size += 997) {
    write(good.substr(0, size));
    EXPECT_THROW(zip_members(path_), Error) << size;
  }
}

TEST(Pickles, ValuesOfAllKindsAreRead) {
  // Protocol 4: {'a': [1, -2, 2.5, True, None], b'k': (b'\xff',)} with a memoised list.
  const std::string bytes = std::string("\x80\x04\x95\x20\0\0\0\0\0\0\0", 11) + "}\x94(\x8c\x01" +
                            "a]\x94(K\x01J" + made::little_endian<std::int32_t>(-2) + "G" +
                            std::string("\x40\x04\0\0\0\0\0\0", 8) + "\x88Ne" +
                            "C\x01kC\x01\xff\x85u.";
  const Pickle pickle = read_pickle(bytes, "p");
  const PickleValue* list = pickle.top->find("a");
  ASSERT_NE(list, nullptr);
  ASSERT_EQ(list->items.size(), 5u);
  EXPECT_EQ(list->items[0]->integer, 1);
  EXPECT_EQ(list->items[1]->integer, -2);
  EXPECT_EQ(list->items[2]->real, 2.5);
  EXPECT_EQ(list->items[3]->kind, PickleValue::Kind::boolean);
  EXPECT_EQ(list->items[4]->kind, PickleValue::Kind::none);
  ASSERT_NE(pickle.top->find("k"), nullptr);
  EXPECT_EQ(pickle.top->find("k")->items[0]->text, "\xff");
  EXPECT_EQ(pickle.size, bytes.size());
}

TEST(Pickles, CallsAreNamesOnly) {
  const Pickle pickle = read_pickle(
      made::pickle(made::global("os", "system") + made::tuple(made::text("false")) + "R"), "p");
  EXPECT_TRUE(pickle.top->is_call("os system"));
}

TEST(Pickles, BytesThatProtocolTwoWritesAsTextAreBytesAgain) {
  // b'\x00\xe9' as _codecs.encode('\x00é', 'latin1').
  const Pickle pickle = read_pickle(
      made::pickle(made::global("_codecs", "encode") +
                   made::tuple(made::text(std::string("\0\xc3\xa9", 3)) + made::text("latin1")) +
                   "R"),
      "p");
  EXPECT_EQ(pickle.top->kind, PickleValue::Kind::bytes);
  EXPECT_EQ(pickle.top->text, std::string("\0\xe9", 2));
}

TEST(Pickles, NoCutOrChangedPickleDoesHarm) {
  const std::string good = made::pickle(
      made::state_dict({{.name = "w", .count = 6, .sides = {2, 3}, .strides = {3, 1}}}));
  EXPECT_NO_THROW(read_pickle(good, "p"));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_THROW(read_pickle(good.substr(0, size), "p"), Error) << size;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int change : {1, 0x20, 0x80, 0xff}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ change);
      try {
        read_pickle(bad, "p");
      } catch (const Error&) {
      }
    }
  }
  for (const char* bad : {".", "R.", "0.", "h\x01.", "(.", "u.", "a.", "b.", "\x93.", "e.", "t.",
                          "Icat\n.", "K\x01Q0R.", "\xff."})
    EXPECT_THROW(read_pickle(bad, "p"), Error) << bad;
}

std::vector<double> numbers_in(const std::string& bytes) {
  const std::string path = made::write(scratch_path("array.npy").string(), bytes);
  ArrayFile file = open_array(path);
  return all_numbers(file);
}

TEST(NumPyArrays, EveryNumberTypeAndByteOrderIsRead) {
  EXPECT_EQ(numbers_in(made::npy<float>("<f4", "(2,)", {1.5f, -2})), (std::vector{1.5, -2.0}));
  EXPECT_EQ(numbers_in(made::npy<double>("<f8", "(1, 1)", {0.1})), (std::vector{0.1}));
  EXPECT_EQ(numbers_in(made::npy<std::uint16_t>("<f2", "(2,)", {0x3e00, 0xc000})),
            (std::vector{1.5, -2.0}));
  EXPECT_EQ(numbers_in(made::npy<std::uint16_t>(">i2", "(2,)", {0xfeff, 0x0201})),
            (std::vector{-2.0, 258.0}));
  EXPECT_EQ(numbers_in(made::npy<std::int64_t>("<i8", "()", {-3})), (std::vector{-3.0}));
  EXPECT_EQ(numbers_in(made::npy<std::uint8_t>("|b1", "(2,)", {0, 1})), (std::vector{0.0, 1.0}));
  EXPECT_EQ(numbers_in(made::npy<std::uint64_t>("<u8", "(1,)", {std::uint64_t{1} << 63})),
            (std::vector{0x1p63}));
}

TEST(NumPyArrays, FortranOrderComesRowsFirst) {
  // Columns (1, 2), (3, 4), (5, 6) of a 2 x 3 matrix.
  EXPECT_EQ(numbers_in(made::npy<std::int8_t>("|i1", "(2, 3)", {1, 2, 3, 4, 5, 6}, "True")),
            (std::vector<double>{1, 3, 5, 2, 4, 6}));
}

TEST(NumPyArrays, WhatIsNoArrayOfNumbersIsRefused) {
  const std::vector<std::uint8_t> eight(8, 1);
  for (const std::string& bytes :
       {made::npy("|O", "(1,)", eight), made::npy("<U2", "(1,)", eight),
        made::npy("<c8", "(1,)", eight), made::npy("<f4", "(3,)", eight),
        made::npy("<f4", "(1,)", eight), made::npy("<f4", "(-1,)", eight),
        made::npy("<f4", "(4611686018427387904, 4)", eight), made::npy("<f3", "(1,)", eight),
        std::string("\x93NUMPY\x01\0\xff\xff", 10),
        std::string("\x93NUMPY\x02\0\xff\xff\xff\x7f", 12), std::string("no array")})
    EXPECT_THROW(numbers_in(bytes), Error) << bytes.substr(10, 40);
}

TEST(NumPyArrays, ArchivesGiveTheirArraysByName) {
  const std::string path =
      made::write(scratch_path("arrays.npz").string(),
                  made::zip({{"x.npy", made::npy<float>("<f4", "(2,)", {1, 2})},
                             {"y.npy", made::npy<std::int32_t>("<i4", "(1,)", {7})}},
                            made::Packing::deflated));
  EXPECT_EQ(archived_arrays(path), (std::vector<std::string>{"x", "y"}));
  ArrayFile y = open_archived_array(path, "y");
  EXPECT_EQ(all_numbers(y), std::vector{7.0});
  EXPECT_THROW(open_archived_array(path, "../x"), Error);
  std::filesystem::remove(path);
}

TEST(LargeVectors, BlocksPastTheLimitLieInAFileAndHoldTheSame) {
  constexpr std::size_t limit = 1 << 16;
  LargeVector<float> large{LargeAllocator<float>(limit)};
  for (int i = 0; i < 100'000; ++i) large.push_back(static_cast<float>(i));  // grows across it
  for (std::size_t i = 0; i < large.size(); i += 997) ASSERT_EQ(large[i], static_cast<float>(i));
  LargeVector<float> other = std::move(large);
  EXPECT_EQ(other.get_allocator().limit, limit);
  EXPECT_EQ(other.back(), 99'999.0f);
  std::string maps, line;
  std::ifstream self("/proc/self/maps");
  while (std::getline(self, line)) maps += line + "\n";
  EXPECT_NE(maps.find("(deleted)"), std::string::npos) << "a file without a name is mapped";
}

TEST(LargeVectors, ADiskWithoutRoomIsSaidInASentence) {
  LargeVector<char> large{LargeAllocator<char>(1)};
  EXPECT_THROW(large.reserve(std::size_t{1} << 58), Error);
}

}  // namespace
}  // namespace lightloom::nn

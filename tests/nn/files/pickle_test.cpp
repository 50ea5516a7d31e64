// Pickles of strangers, and arrays larger than memory.
#include "nn/files/pickle.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.hpp"
#include "nn/files/large_vector.hpp"
#include "tests/made_files.hpp"

namespace lightloom::nn {
namespace {

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

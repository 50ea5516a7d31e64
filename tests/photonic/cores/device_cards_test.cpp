#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "core/cards/tree.hpp"

namespace lightloom::photonic {
namespace {

/// Keys of the numbers of a section, and of all in it, that have no source: a `source` is a text
/// for the whole section or has an entry for each key. Zeros (an effect left out) and what counts
/// or sizes need none.
void find_unsourced(const Tree& section, const std::string& where, std::vector<std::string>& keys) {
  const std::vector<std::string> structure{"rows", "columns", "bits", "reference_bits"};
  const Tree* source = section.find("source");
  for (const auto& [key, value] : section.pairs) {
    if (key == "source") continue;
    if (value.kind == Tree::Kind::mapping) find_unsourced(value, where + key + ".", keys);
    if (value.kind != Tree::Kind::scalar || value.scalar == "0") continue;
    if (std::find(structure.begin(), structure.end(), key) != structure.end()) continue;
    if (value.scalar.find_first_not_of("0123456789.-+e") != std::string::npos) continue;
    const Tree* own = source == nullptr                    ? nullptr
                      : source->kind == Tree::Kind::scalar ? source
                                                           : source->find(key);
    if (own == nullptr || own->scalar.find_first_not_of(' ') == std::string::npos)
      keys.push_back(where + key);
  }
}

TEST(Cards, EveryPhysicalDefaultOfEveryDeviceCardHasASource) {
  int cards = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices")) {
    if (file.path().extension() != ".yaml") continue;
    ++cards;
    std::vector<std::string> keys;
    find_unsourced(load_yaml(file.path().string()), "", keys);
    EXPECT_EQ(keys, std::vector<std::string>{}) << file.path();
  }
  EXPECT_GE(cards, 5);
}

TEST(Cards, AMissingOrEmptySourceIsFound) {
  const auto unsourced = [](const std::string& text) {
    std::vector<std::string> keys;
    find_unsourced(parse_yaml(text, "test"), "", keys);
    return keys;
  };
  using Keys = std::vector<std::string>;
  EXPECT_EQ(unsourced("laser: {wall_plug: 0.2, rin: 0, source: {rin: paper}}"),
            Keys{"laser.wall_plug"});
  EXPECT_EQ(unsourced("laser: {wall_plug: 0.2, source: \" \"}"), Keys{"laser.wall_plug"});
  EXPECT_EQ(unsourced("laser: {wall_plug: 0.2, source: paper}"), Keys{});
}

}  // namespace
}  // namespace lightloom::photonic

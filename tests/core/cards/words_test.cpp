#include "core/cards/words.hpp"

#include <gtest/gtest.h>

#include <string>

namespace lightloom {
namespace {

TEST(Words, TheNearestWordIsOnlySuggestedWhenItIsNear) {
  const std::vector<std::string> known{"epochs", "rate", "optimizer"};
  EXPECT_EQ(nearest_word("epoch", known), "epochs");
  EXPECT_EQ(nearest_word("optimiser", known), "optimizer");
  EXPECT_EQ(nearest_word("memory", known), "");
}

TEST(Words, AStarStandsForAnyText) {
  EXPECT_TRUE(matches("layer*", "layer"));
  EXPECT_TRUE(matches("*.conv*", "block2.conv1"));
  EXPECT_TRUE(matches("a*b*c", "abbbcxc"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("", ""));
  EXPECT_TRUE(matches("**x**", "x"));
  EXPECT_FALSE(matches("", "x"));
  EXPECT_FALSE(matches("a*b", "abc"));
  EXPECT_FALSE(matches("conv1", "conv10"));
  EXPECT_FALSE(matches("conv10", "conv1"));
  EXPECT_FALSE(matches("*a*b*", "ba"));
}

/// The definition, which takes exponential time.
bool matches_by_definition(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*')
    return matches_by_definition(pattern.substr(1), name) ||
           (!name.empty() && matches_by_definition(pattern, name.substr(1)));
  return !name.empty() && pattern.front() == name.front() &&
         matches_by_definition(pattern.substr(1), name.substr(1));
}

/// All words of `length` letters.
std::vector<std::string> words_of(std::string_view letters, int length) {
  std::vector<std::string> words{""};
  for (int i = 0; i < length; ++i) {
    std::vector<std::string> longer;
    for (const std::string& word : words)
      for (const char letter : letters) longer.push_back(word + letter);
    words = std::move(longer);
  }
  return words;
}

TEST(Words, MatchesAsDefinedForAllShortPatternsAndNames) {
  for (int p = 0; p <= 4; ++p)
    for (const std::string& pattern : words_of("ab*", p))
      for (int n = 0; n <= 5; ++n)
        for (const std::string& name : words_of("ab", n))
          ASSERT_EQ(matches(pattern, name), matches_by_definition(pattern, name))
              << pattern << " " << name;
}

TEST(Words, ManyStarsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 2000; ++i) pattern += "*a";
  EXPECT_FALSE(matches(pattern + "b", std::string(20000, 'a')));  // or not in this life
}

}  // namespace
}  // namespace lightloom

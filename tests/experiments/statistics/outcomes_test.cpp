#include "experiments/statistics/outcomes.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

TEST(Outcomes, PackOneBitAnImageAndComeBackFromAFileOfDoubles) {
  std::vector<int> predictions;
  std::vector<std::uint16_t> labels;
  std::size_t right = 0;
  for (int i = 0; i < 101; ++i) {  // 48 + 48 + 5
    labels.push_back(static_cast<std::uint16_t>(i % 7));
    predictions.push_back(i % 3 == 0 ? i % 7 : (i + 1) % 7);
    right += i % 3 == 0 ? 1U : 0U;
  }
  const Outcomes outcomes = outcomes_of(predictions, labels);
  EXPECT_EQ(outcomes.words.size(), 3u);
  EXPECT_EQ(count_right(outcomes), right);
  EXPECT_DOUBLE_EQ(accuracy_of(outcomes), static_cast<double>(right) / 101);
  for (std::size_t i = 0; i < 101; ++i) EXPECT_EQ(is_right(outcomes, i), i % 3 == 0) << i;
  const std::vector<double> file(outcomes.words.begin(), outcomes.words.end());
  EXPECT_EQ(outcomes_of_words(file, 101), outcomes);
}

TEST(Outcomes, WordsThatAreNoOutcomesAreRefused) {
  EXPECT_THROW(outcomes_of_words(std::vector<double>{1, 2}, 48), Error);
  EXPECT_NO_THROW(outcomes_of_words(std::vector<double>{31}, 5));
  for (const double bad : {32.0, -1.0, 0.5})
    EXPECT_THROW(outcomes_of_words(std::vector<double>{bad}, 5), Error);
  EXPECT_THROW(outcomes_of(std::vector<int>{1, 2}, std::vector<std::uint16_t>{1}), Error);
}

}  // namespace
}  // namespace lightloom::experiments

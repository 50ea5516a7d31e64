#include "experiments/cards/durations.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

TEST(Durations, AreNumbersWithAUnit) {
  EXPECT_EQ(duration_s("90"), 90);
  EXPECT_EQ(duration_s("0"), 0);
  EXPECT_EQ(duration_s("1.5e3s"), 1500);
  EXPECT_EQ(duration_s(" 5 min "), 300);
  EXPECT_EQ(duration_s("1h"), 3600);
  EXPECT_EQ(duration_s("30d"), 30 * 86400);
  EXPECT_EQ(duration_s("2y"), 2 * 365.25 * 86400);
}

TEST(Durations, AnythingElseIsRefused) {
  for (const char* text :
       {"", "h", "1w", "-1h", "1 h h", "nan", "inf", "1e308y", "one hour", "0x1h", "1,5h", "1H"})
    EXPECT_THROW(duration_s(text), Error) << text;
  EXPECT_THROW(duration_list("1h,,2h"), Error);
  EXPECT_THROW(duration_list("1h,2w"), Error);
}

TEST(Durations, ListsKeepTheirWordsAndTextsTakeTheLargestUnit) {
  EXPECT_EQ(duration_list("1h,1d,30d"), (std::vector<std::string>{"1h", "1d", "30d"}));
  EXPECT_EQ(duration_text(5400), "1.5 h");
  EXPECT_EQ(duration_text(86400), "1 d");
  EXPECT_EQ(duration_text(30 * 86400.0), "30 d");
  EXPECT_EQ(duration_text(0.25), "0.25 s");
}

}  // namespace
}  // namespace lightloom::experiments

#include "experiments/results/files/tidy_tables.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace lightloom::experiments {
namespace {

TEST(TidyTables, QuoteTextsAndKeepEveryBitOfNumbers) {
  Labelled data;
  data.add_axis({"layer", std::vector<std::string>{"a,b", "say \"x\"", "two\nlines"}, "", ""});
  const double third = 1.0 / 3;
  const float single = 0.1f;
  data.add({"value", {"layer"}, std::vector<double>{third, std::nan(""), -1e-300}, "1", ""});
  data.add({"single", {"layer"}, std::vector<float>{single, 2, -INFINITY}, "1", ""});
  data.add({"count", {"layer"}, std::vector<std::int64_t>{9007199254740993, 0, -1}, "1", ""});
  const std::vector<TidyTable> tables = tidy_tables(data);
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tidy_csv(data, tables[0]),
            "layer,value,single,count\n\"a,b\",0.3333333333333333,0.1,9007199254740993\n"
            "\"say \"\"x\"\"\",,2,0\n\"two\nlines\",-1e-300,-inf,-1\n");
}

TEST(TidyTables, EverySetOfAxesHasATableWithItsCoordinates) {
  Labelled data;
  data.add_axis({"x", std::vector<std::int64_t>{1, 2}, "1", ""});
  data.add_axis({"y", std::vector<std::string>{"a", "b", "c"}, "", ""});
  data.add({"along_x", {"x"}, std::vector<double>{10, 20}, "1", ""});
  data.add({"along_y", {"y"}, std::vector<double>{7, 8, 9}, "1", ""});
  data.add({"both", {"x", "y"}, std::vector<double>{1, 2, 3, 4, 5, 6}, "1", ""});
  const std::vector<TidyTable> tables = tidy_tables(data);
  ASSERT_EQ(tables.size(), 3u);
  EXPECT_EQ(tidy_csv(data, tables[0]), "x,along_x\n1,10\n2,20\n");
  EXPECT_EQ(tidy_csv(data, tables[1]), "y,along_y\na,7\nb,8\nc,9\n");
  EXPECT_EQ(tidy_csv(data, tables[2]), "x,y,both\n1,a,1\n1,b,2\n1,c,3\n2,a,4\n2,b,5\n2,c,6\n");
}

TEST(TidyTables, ArraysWithoutElementsHaveAHeaderAlone) {
  Labelled data;
  data.add_axis({"chip", std::vector<std::int64_t>{}, "1", ""});
  data.add({"accuracy", {"chip"}, std::vector<double>{}, "1", ""});
  EXPECT_EQ(tidy_csv(data, tidy_tables(data).at(0)), "chip,accuracy\n");
}

}  // namespace
}  // namespace lightloom::experiments

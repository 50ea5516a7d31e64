// Dates and times of day as loggers write them.
#include "calibration/tables/text/moments.hpp"

#include <gtest/gtest.h>

#include "calibration/tables/lab_table.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

using Seconds = std::vector<double>;

Seconds since_first(const std::vector<std::string>& cells) {
  return seconds_since_first(cells, "log.csv").value_or(Seconds{});
}

TEST(Moments, CountSecondsInAllTheirForms) {
  const Seconds wanted{0, 1.5, 86400};
  EXPECT_EQ(since_first({"2024-05-31T22:00:00", "2024-05-31T22:00:01.5", "2024-06-01T22:00:00"}),
            wanted);
  EXPECT_EQ(since_first({"2024-05-31 22:00:00Z", "2024-05-31 22:00:01.5Z", "2024-06-01 22:00:00Z"}),
            wanted);
  EXPECT_EQ(since_first({"2024/05/31 22:00", "2024/05/31 22:00:01,5", "2024/06/01 22:00"}), wanted);
  EXPECT_EQ(since_first({"31.05.2024 22:00:00", "31.05.2024 22:00:01,5", "01.06.2024 22:00:00"}),
            wanted);
  EXPECT_EQ(
      since_first({"5/31/2024 10:00:00 PM", "5/31/2024 10:00:01.5 PM", "6/1/2024 10:00:00 PM"}),
      wanted);
  EXPECT_EQ(since_first({"31/5/24 22:00:00", "31/5/24 22:00:01.5", "1/6/24 22:00:00"}), wanted);
  EXPECT_EQ(since_first({"2024-02-28T23:00:00+01:00", "2024-02-28T22:00:01.5+00:00",
                         "2024-02-29T22:00:00+00:00"}),
            wanted);
  EXPECT_EQ(since_first({"2024-02-28T17:30:00-04:30", "2024-02-28T22:00:01.5Z",
                         "2024-02-29T20:00:00-02:00"}),
            wanted);
  // Times of day go on past midnight; 12 AM is midnight.
  EXPECT_EQ(since_first({"23:59:59", "00:00:01", "23:59:58", "00:00:00"}),
            (Seconds{0, 2, 86399, 86401}));
  EXPECT_EQ(since_first({"11:59 PM", "12:01 AM", "12:01 PM"}), (Seconds{0, 120, 43320}));
}

TEST(Moments, AreNothingElse) {
  for (const char* cell : {"12", "1:2", "24:00:00", "12:60", "2024-05-31", "2024-05-31 ", "a:12:00",
                           "12:00:00x", "ratio 3:10", "", "10:20:30:40", "13:00 PM"})
    EXPECT_FALSE(is_moment(cell)) << cell;
  EXPECT_TRUE(since_first({"2024-02-30 12:00:00", "2024-03-01 12:00:00"}).empty());
  EXPECT_TRUE(since_first({"2024-02-28 12:00:00", "12:00:01"}).empty());
}

TEST(Moments, DaysAndMonthsAreAskedForWhereTheyMatter) {
  EXPECT_EQ(since_first({"1/5/2024 12:00:00", "1/5/2024 12:00:10"}), (Seconds{0, 10}));
  EXPECT_THROW(since_first({"1/5/2024 12:00:00", "2/5/2024 12:00:00"}), Error);
}

TEST(Moments, OfATableStandBesideItsColumns) {
  const LabTable table = read_lab_table(
      "timestamp,phase\n2024-05-31 23:59:50,0.1\n2024-06-01 00:00:00,0.2\n"
      "2024-06-01 00:00:10,0.3\n",
      "log.csv");
  ASSERT_EQ(table.columns.size(), 1u);
  ASSERT_EQ(table.clocks.size(), 1u);
  EXPECT_EQ(table.clocks[0].name, "timestamp");
  EXPECT_EQ(table.clocks[0].values, (Seconds{0, 10, 20}));
}

}  // namespace
}  // namespace lightloom::calibration

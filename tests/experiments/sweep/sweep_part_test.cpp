#include "experiments/sweep/sweep_part.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>

#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

/// Variables of an array job, for one test.
class Cluster : public testing::Test {
 protected:
  void SetUp() override { clear(); }
  void TearDown() override { clear(); }
  static void is(const std::map<std::string, std::string>& variables) {
    clear();
    for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
  }
  static void clear() {
    for (const char* name : {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX",
                             "SLURM_ARRAY_TASK_STEP", "SLURM_ARRAY_TASK_COUNT", "HQ_TASK_ID",
                             "PBS_ARRAY_INDEX", "SGE_TASK_ID", "LSB_JOBINDEX"})
      unsetenv(name);
  }
  static std::string refused(const std::string& text) {
    try {
      return "taken as " + read_part(text).text();
    } catch (const Error& error) {
      return error.what();
    }
  }
};

TEST(SweepPart, PartsTogetherHaveEveryPointOnce) {
  for (const std::size_t of : {1u, 3u, 7u})
    for (std::size_t point = 0; point < 20; ++point) {
      int times = 0;
      for (std::size_t number = 1; number <= of; ++number)
        times += SweepPart{number, of}.has(point) ? 1 : 0;
      EXPECT_EQ(times, 1) << point << " of " << of;
    }
}

TEST_F(Cluster, PartsAreReadAsWritten) {
  EXPECT_EQ(read_part("2/5").text(), "2/5");
  EXPECT_TRUE(read_part("1/1").whole());
  for (const char* wrong : {"", "2", "0/5", "6/5", "2/", "/5", "2/5/7", "-1/5", "a/5", "2 /5",
                            "1/99999999999999999999", "1/2000000"})
    EXPECT_NE(refused(wrong).find("must be a part of several"), std::string::npos)
        << refused(wrong);
}

TEST_F(Cluster, ArrayJobsOfSlurmSayBothNumbers) {
  is({{"SLURM_ARRAY_TASK_ID", "9"},
      {"SLURM_ARRAY_TASK_MIN", "5"},
      {"SLURM_ARRAY_TASK_MAX", "11"},
      {"SLURM_ARRAY_TASK_STEP", "2"},
      {"SLURM_ARRAY_TASK_COUNT", "4"}});
  EXPECT_EQ(read_part("auto").text(), "3/4");  // 5, 7, [9], 11
  EXPECT_EQ(read_part("auto/6").text(), "3/6");
  setenv("SLURM_ARRAY_TASK_COUNT", "3", 1);  // --array=5,9,11
  EXPECT_NE(refused("auto").find("3 tasks of 4"), std::string::npos) << refused("auto");
  setenv("SLURM_ARRAY_TASK_ID", "8", 1);
  EXPECT_NE(refused("auto/6").find("steps of 2"), std::string::npos) << refused("auto/6");
}

TEST_F(Cluster, OtherQueuesSayTheFirstNumber) {
  is({{"HQ_TASK_ID", "4"}});
  EXPECT_EQ(read_part("auto/7").text(), "4/7");
  EXPECT_NE(refused("auto").find("auto/5"), std::string::npos);
  is({{"SGE_TASK_ID", "undefined"}});
  EXPECT_NE(refused("auto/7").find("'undefined'"), std::string::npos);
  is({{"PBS_ARRAY_INDEX", "0"}});
  EXPECT_NE(refused("auto/7").find("from 1"), std::string::npos);
  is({});
  EXPECT_NE(refused("auto/7").find("HQ_TASK_ID"), std::string::npos);
}

TEST(SweepPart, FilesOfPartsAreNamedAfterThem) {
  EXPECT_EQ(part_path("a.b/sweep.h5", {2, 5}), "a.b/sweep-2-of-5.h5");
  EXPECT_EQ(part_path("sweep", {2, 5}), "sweep-2-of-5");
}

}  // namespace
}  // namespace lightloom::experiments

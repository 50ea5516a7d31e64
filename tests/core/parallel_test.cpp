#include "core/parallel.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <new>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace lightloom {
namespace {

constexpr std::ptrdiff_t loop_count = 1003;

std::vector<int> once_each() { return std::vector<int>(loop_count, 1); }

TEST(Parallel, RunsEveryIndexOnce) {
  std::vector<int> equal(loop_count), free(loop_count), with(loop_count);
  parallel_for(loop_count, [&](std::ptrdiff_t i) { ++equal[static_cast<std::size_t>(i)]; });
  parallel_for_dynamic(
      loop_count, [&](std::ptrdiff_t i) { ++free[static_cast<std::size_t>(i)]; }, 7);
  parallel_for_with(
      loop_count, [] { return std::vector<int>(3); },
      [&](std::ptrdiff_t i, std::vector<int>& own) {
        own[0] = static_cast<int>(i);
        with[static_cast<std::size_t>(own[0])] += 1;
      });
  EXPECT_EQ(equal, once_each());
  EXPECT_EQ(free, once_each());
  EXPECT_EQ(with, once_each());
}

TEST(Parallel, GivesEachThreadAWorkspaceOfItsOwn) {
  std::atomic<int> made = 0;
  parallel_for_with(
      loop_count, [&] { return ++made; }, [](std::ptrdiff_t, int&) {});
  EXPECT_LE(made, omp_get_max_threads());
  EXPECT_GE(made, 1);
}

TEST(Parallel, ThrowsBehindTheRegionWhatABodyThrew) {
  const auto fails_at = [](std::ptrdiff_t bad) {
    return [bad](std::ptrdiff_t i) {
      if (i == bad) throw std::runtime_error("the one");
    };
  };
  for (const std::ptrdiff_t bad : {std::ptrdiff_t{0}, loop_count / 2, loop_count - 1}) {
    EXPECT_THROW(parallel_for(loop_count, fails_at(bad)), std::runtime_error);
    EXPECT_THROW(parallel_for_dynamic(loop_count, fails_at(bad)), std::runtime_error);
  }
}

TEST(Parallel, ThrowsWhatMakingAWorkspaceThrew) {
  EXPECT_THROW(
      parallel_for_with(
          loop_count, []() -> int { throw std::bad_alloc(); }, [](std::ptrdiff_t, int&) {}),
      std::bad_alloc);
}

TEST(Parallel, EveryBodyMayThrow) {
  EXPECT_THROW(parallel_for(loop_count, [](std::ptrdiff_t) { throw std::bad_alloc(); }),
               std::bad_alloc);
}

TEST(Parallel, NoIndicesAreNoWork) {
  parallel_for(0, [](std::ptrdiff_t) { FAIL(); });
  parallel_for_dynamic(0, [](std::ptrdiff_t) { FAIL(); });
}

}  // namespace
}  // namespace lightloom

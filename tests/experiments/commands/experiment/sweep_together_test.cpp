// Sweeps that several processes compute: those of --jobs, and of mpirun where there is one.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/files/atomic_file.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

/// Runs in a folder with cost.yaml (12 x 8 points of costs), long.yaml (as many as take seconds)
/// and images.yaml (4 points with a training).
class Together : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_folder("together");
    write_file(folder_ + "/cost.yaml",
               "name: cost\nmeasure: [cost]\nsweep_keep: [time, energy]\n"
               "sweep: {batch: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], core.rows: [8, 9, 12, 16, "
               "20, 24, 32, 64]}\n");
    std::string many;
    for (int batch = 1; batch <= 200; ++batch) many += fmt::format("{}, ", batch);
    write_file(folder_ + "/long.yaml",
               "name: long\nmeasure: [cost]\nsweep_keep: [time]\nsweep: {batch: [" + many +
                   "201], core.rows: [8, 12, 16]}\n");
    write_file(folder_ + "/images.yaml",
               "name: images\ndataset: {name: glyphs, train_limit: 60, test_limit: 40}\n"
               "teacher: {epochs: 1, batch: 20}\ntrain: {epochs: 1, batch: 20}\nchips: 2\n"
               "calibration_images: 8\nsweep: {seed: [1, 2], chips: [2]}\n");
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] Ran shell(const std::string& script) const {
    return run_shell(
        fmt::format("cd {} && sweep() {{ {} sweep \"$@\" --quiet --threads 1 --report "
                    "none; }}\n{}",
                    folder_, program(), script));
  }
  [[nodiscard]] std::string bytes(const std::string& name) const {
    return read_file(folder_ + "/" + name, "file", std::size_t{1} << 28);
  }
  void expect_same(const std::string& a, const std::string& b) const {
    EXPECT_TRUE(bytes(a) == bytes(b)) << a << " and " << b;
  }
  /// Nothing but cards and results.
  void expect_clean() const {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
      const std::string ending = entry.path().extension().string();
      EXPECT_TRUE(ending == ".yaml" || ending == ".h5") << entry.path();
    }
  }

  std::string folder_;
};

TEST_F(Together, ASweepThatFailsBeforeItsFirstTrainingLeavesNothing) {
  write_file(folder_ + "/lost.yaml",
             "name: lost\ndataset: {name: mnist, root: nowhere}\nsweep: {seed: [1, 2]}\n");
  const Ran ran = shell("sweep lost.yaml -o lost.h5");
  EXPECT_EQ(ran.code, 2) << ran.errors;
  expect_clean();
}

TEST_F(Together, ProcessesOfOneMachineGiveTheBytesOfOne) {
  for (const char* card : {"cost", "images"})
    for (const int jobs : {1, 2, 4}) {
      const Ran ran = shell(fmt::format("sweep {0}.yaml --jobs {1} -o {0}{1}.h5", card, jobs));
      ASSERT_EQ(ran.code, 0) << ran.errors;
      expect_same(fmt::format("{}1.h5", card), fmt::format("{}{}.h5", card, jobs));
    }
  const Ran ran =
      shell("sweep cost.yaml --jobs 3 --part 2/5 -o a.h5; sweep cost.yaml --part 2/5 -o b.h5");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  expect_same("a.h5", "b.h5");
  expect_clean();
}

TEST_F(Together, AKilledProcessCostsWhatItHadInHand) {
  const Ran ran = shell(
      "sweep long.yaml -o alone.h5\n"
      "sweep long.yaml -o four.h5 --jobs 4 & job=$!\n"
      "until [ -e four.h5 ] || ! kill -0 $job; do sleep 0.02; done\n"
      "for child in $(cat /proc/$(cut -d' ' -f1 four.h5.lock)/task/*/children); do kill -9 $child; "
      "done\n"
      "wait $job");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  EXPECT_NE(ran.output.find("computed by 4 processes; 3 ended before the work did"),
            std::string::npos)
      << ran.output;
  expect_same("alone.h5", "four.h5");
  expect_clean();
}

TEST_F(Together, WhenTheFirstIsKilledTheOthersEndAndTheSameCallGoesOn) {
  const Ran ran = shell(
      "sweep long.yaml -o alone.h5\n"
      "sweep long.yaml -o four.h5 --jobs 4 & job=$!\n"
      "until [ -e four.h5 ] || ! kill -0 $job; do sleep 0.02; done\n"
      "first=$(cut -d' ' -f1 four.h5.lock); children=$(cat /proc/$first/task/*/children)\n"
      "kill -9 $first; wait $job\n"
      "for child in $children; do n=0; while kill -0 $child 2>/dev/null && [ $((n += 1)) -lt 500 "
      "]; "
      "do sleep 0.02; done; kill -0 $child 2>/dev/null && echo left $child; done\n"
      "sweep long.yaml -o four.h5 --jobs 2");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  EXPECT_EQ(ran.output.find("left"), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find("were finished before"), std::string::npos) << ran.output;
  expect_same("alone.h5", "four.h5");
  expect_clean();
}

TEST_F(Together, ASecondCallOnOneFileSaysWhoWritesItAndStops) {
  const Ran ran = shell(
      "sweep long.yaml -o one.h5 & job=$!\n"
      "until [ -s one.h5.lock ] || ! kill -0 $job; do sleep 0.01; done\n"
      "first=$(cut -d' ' -f1 one.h5.lock); kill -STOP $first\n"  // or it may be done by then
      "sweep long.yaml -o one.h5; echo second $?\n"
      "kill -CONT $first; wait $job; echo first $?\n"
      "sweep long.yaml -o one.h5; echo third $?");
  EXPECT_NE(ran.errors.find("lightloom: 'one.h5' is being written by process "), std::string::npos)
      << ran.errors;
  EXPECT_NE(ran.output.find("second 2"), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find("first 0"), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find("third 0"), std::string::npos) << ran.output;
}

TEST_F(Together, ATrainingThatIsKeptIsNotRepeated) {
  const Ran ran = shell(
      "stamps() { ls -1 --time-style=full-iso -l kept | awk '{print $6, $7, $9}'; }\n"
      "sweep images.yaml -o one.h5 --trainings kept; stamps > before\n"
      "sweep images.yaml -o two.h5 --trainings kept --jobs 2; stamps > after\n"
      "sweep images.yaml -o none.h5 --trainings none\n"
      "cmp before after && wc -l < before && rm -r before after kept");
  ASSERT_EQ(ran.code, 0) << ran.output << ran.errors;
  EXPECT_NE(ran.output.find("\n5\n"), std::string::npos) << ran.output;  // `total`, and two of two
  expect_same("one.h5", "two.h5");
  expect_same("one.h5", "none.h5");
  expect_clean();
}

TEST_F(Together, OfWrongPointsTheFirstSpeaksOnce) {
  const Ran ran = shell(
      "sed 's/rows: .8/rows: [8, -1/' cost.yaml > wrong.yaml; sweep wrong.yaml --jobs 3 -o w.h5");
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.errors.find("at the sweep's point 2:"), std::string::npos) << ran.errors;
  EXPECT_EQ(std::count(ran.errors.begin(), ran.errors.end(), '\n'), 1) << ran.errors;
  const Ran none = shell("sweep none.yaml --jobs 3 -o w.h5");
  EXPECT_EQ(none.code, 2);
  EXPECT_EQ(std::count(none.errors.begin(), none.errors.end(), '\n'), 1) << none.errors;
}

/// `mpirun -n N sweep ...` as root too, on as few cores as there are.
class UnderMpirun : public Together {
 protected:
  void SetUp() override {
    Together::SetUp();
    const Ran ran = run_shell("command -v mpirun && ldd " + program() + " | grep libmpi");
    if (ran.code != 0) GTEST_SKIP() << "no mpirun, or a program without MPI";
  }
  [[nodiscard]] Ran mpi(const std::string& script) const {
    return shell(fmt::format(
        "mpi() {{ n=$1; shift; OMPI_MCA_rmaps_base_oversubscribe=1 "
        "OMPI_MCA_hwloc_base_binding_policy=none mpirun --allow-run-as-root "
        "--oversubscribe -n $n $flags $front {} sweep \"$@\" --quiet --threads 1 --report none; "
        "}}\n{}",
        program(), script));
  }
};

TEST_F(UnderMpirun, RanksGiveTheBytesOfOne) {
  for (const char* card : {"cost", "images"}) {
    const Ran alone = mpi(fmt::format("sweep {0}.yaml -o {0}.h5", card));
    ASSERT_EQ(alone.code, 0) << alone.errors;
    for (const int ranks : {1, 2, 4}) {
      const Ran ran = mpi(fmt::format("mpi {1} {0}.yaml -o {0}{1}.h5", card, ranks));
      ASSERT_EQ(ran.code, 0) << ran.errors;
      expect_same(fmt::format("{}.h5", card), fmt::format("{}{}.h5", card, ranks));
    }
  }
  expect_clean();
}

// Open MPI ends all ranks with one that is killed, and the same call goes on with the file.
TEST_F(UnderMpirun, AKilledRankEndsTheCallAndTheSameCallGoesOn) {
  const Ran ran =
      mpi("sweep long.yaml -o alone.h5\n"
          "mpi 3 long.yaml -o three.h5 & job=$!\n"
          "until [ -e three.h5 ] || ! kill -0 $job; do sleep 0.02; done\n"
          "kill -9 $(cut -d' ' -f1 three.h5.lock); wait $job; echo killed $?\n"
          "mpi 3 long.yaml -o three.h5");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  EXPECT_EQ(ran.output.find("killed 0"), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find("were finished before"), std::string::npos) << ran.output;
  expect_same("alone.h5", "three.h5");
  expect_clean();
}

/// The number of a process that is not the first of the ranks at work, of `three.h5`.
constexpr const char* another_rank =
    "until [ -e three.h5 ] || ! kill -0 $job; do sleep 0.02; done\n"
    "first=$(cut -d' ' -f1 three.h5.lock); parent=$(cut -d' ' -f4 /proc/$first/stat)\n"
    "for rank in $(cat /proc/$parent/task/*/children); do [ $rank = $first ] || break; done\n";

// Those of one machine are missed at once, and the end of MPI waits for nobody.
TEST_F(UnderMpirun, WithRecoveryAKilledRankCostsWhatItHadInHand) {
  const Ran ran = mpi(fmt::format(
      "sweep long.yaml -o alone.h5\nflags=--enable-recovery\n"
      "mpi 3 long.yaml -o three.h5 & job=$!\n{}kill -9 $rank; start=$(date +%s); wait $job\n"
      "code=$?; echo after $(($(date +%s) - start)) s; exit $code",
      another_rank));
  ASSERT_EQ(ran.code, 0) << ran.errors;
  EXPECT_NE(ran.output.find("computed by 3 processes; 1 ended before the work did"),
            std::string::npos)
      << ran.output;
  expect_same("alone.h5", "three.h5");
  expect_clean();
}

// Nor is a process kept by an MPI that has lost its way at the end: what it has to say is said.
TEST_F(UnderMpirun, AnMpiThatDoesNotEndKeepsNobody) {
  const Ran ran =
      mpi(fmt::format("sweep cost.yaml -o alone.h5\nflags=--enable-recovery\n"
                      "front='env LD_PRELOAD={}/tests/hanging_end.so'\n"
                      "mpi 3 cost.yaml -o three.h5",
                      fs::path(program()).parent_path().parent_path().string()));
  ASSERT_EQ(ran.code, 0) << ran.errors;
  EXPECT_NE(ran.output.find("computed by 3 processes"), std::string::npos) << ran.output;
  expect_same("alone.h5", "three.h5");
  expect_clean();
}

/// Thirty kills of any rank, the first too, at any moment from the sweep's begin to its end.
using SlowUnderMpirun = UnderMpirun;
TEST_F(SlowUnderMpirun, WithRecoveryNoKillKeepsTheOthersForEver) {
  const Ran ran = mpi(
      "sweep long.yaml -o alone.h5 > said\nflags=--enable-recovery\n"
      "mpi() { n=$1; shift; timeout -k 1 90 mpirun --allow-run-as-root --oversubscribe --bind-to "
      "none -n $n $flags " +
      program() +
      " sweep \"$@\" --quiet --threads 1 --report none; }\n"
      "for try in $(seq 30); do rm -f three.h5*; mpi 3 long.yaml -o three.h5 > said 2>&1 & job=$!\n"
      "  until [ -e three.h5.lock ] || ! kill -0 $job; do sleep 0.02; done\n"
      "  first=$(cut -d' ' -f1 three.h5.lock); parent=$(cut -d' ' -f4 /proc/$first/stat)\n"
      "  set -- $(cat /proc/$parent/task/*/children); sleep $(shuf -i 0-2 -n 1).$(shuf -i 0-9 -n "
      "1)\n"
      "  shift $(shuf -i 0-2 -n 1); kill -9 $1; wait $job; code=$?\n"
      "  [ $code -lt 124 ] || echo try $try: $code\n"
      "  mpi 3 long.yaml -o three.h5 > said 2>&1 || { echo try $try, again: $?; cat said; }\n"
      "  cmp alone.h5 three.h5 || echo try $try: differs\n"
      "done; rm -f said");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  EXPECT_EQ(ran.output, "") << ran.errors;
  expect_clean();
}

}  // namespace
}  // namespace lightloom::experiments

// The program where things go wrong around it: full disks, small stacks, other clocks and locales.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/files/atomic_file.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

/// A library that is loaded in front of the program. The sanitisers want to be the first.
std::string in_front(const std::string& name) {
  const fs::path tests = fs::read_symlink("/proc/self/exe").parent_path();
  return fmt::format("LD_PRELOAD={}/{}.so", tests.string(), name);
}

constexpr bool sanitised =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#elif defined(__has_feature)
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
    false;
#endif

class Surroundings : public testing::Test {
 protected:
  void SetUp() override {
    if (sanitised) GTEST_SKIP() << "the sanitisers need the address space, and to be loaded first";
    folder_ = scratch_folder("surroundings");
    std::ofstream matrix(folder_ + "/m.csv");
    for (int row = 0; row < 33; ++row)
      for (int column = 0; column < 33; ++column)
        matrix << (column == (row * 7 + 3) % 33) << (column < 32 ? ',' : '\n');
    write_labelled(folder_ + "/run.h5", example_run(3));
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// In the folder, with words in front of the program, `{}` in the arguments being the shipped
  /// cards.
  [[nodiscard]] Ran run(const std::string& before, const std::string& arguments) const {
    return run_shell(fmt::format("cd {} && {} timeout -s KILL 250 {} {} --quiet", folder_, before,
                                 program(), fmt::format(fmt::runtime(arguments), shipped_)));
  }
  [[nodiscard]] std::string text(const std::string& name) const {
    return read_file(folder_ + "/" + name, "file");
  }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  const std::string shipped_ = LIGHTLOOM_SOURCE_DIR "/data";
  std::string folder_;
};

/// What each command writes, cheaply; the output's name is the last word.
constexpr const char* writers[] = {
    "decompose m.csv --output out.h5",
    "decompose m.csv --mesh reck --target svd --output settings.h5",
    "ratio --model cnn3 --dataset glyphs --output out.json",
    "memory {}/memory/ddr4-2400.yaml --pattern seq_rd --requests 100 --output out.json",
    "chip {}/devices/ideal.yaml --chips 2 --output out.json",
    "report run.h5 --output out.html",
    "pack {}/weights/cifar10-resnet20-multilevel.h5 --output out.llw",
    "calibrate simulate {}/calibration/virtual-16.yaml --set settings=4 --output out.csv"};

TEST_F(Surroundings, AFullDiskAtAnyWriteIsASentenceAndTheOldFileStays) {
  for (const std::string writer : writers) {
    const std::string output = writer.substr(writer.rfind(' ') + 1);
    const std::string old = "what stood here before\n";
    write_file(folder_ + "/" + output, old);
    const std::size_t before = entries();
    int at = 1;
    for (Ran ran; at < 40; ++at) {
      ran = run(fmt::format("env FAIL_AT={} {}", at, in_front("failing_writes")), writer);
      if (ran.code == 0) break;
      EXPECT_EQ(ran.code, 1) << writer << ran.errors;
      EXPECT_NE(ran.errors.find("(No space left on device)"), std::string::npos) << ran.errors;
      EXPECT_EQ(text(output), old) << writer;
      EXPECT_EQ(entries(), before) << writer;
    }
    EXPECT_GE(at, 4) << writer << ": a write, the way to the disk and the name can all fail";
    EXPECT_LT(at, 40) << writer;
    fs::remove(folder_ + "/" + output);
  }
}

TEST_F(Surroundings, ALimitOnTheSizeOfFilesIsASentence) {
  write_file(folder_ + "/out.h5", "old");
  const std::size_t before = entries();
  const Ran ran = run("ulimit -f 4;", "decompose m.csv --output out.h5");
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.errors.find("'out.h5' cannot be written (File too large)"), std::string::npos)
      << ran.errors;
  EXPECT_EQ(text("out.h5"), "old");
  EXPECT_EQ(entries(), before);
}

TEST_F(Surroundings, ClocksThatJumpChangeNoResult) {
  write_file(folder_ + "/card.yaml",
             "name: x\nmodel: {name: cnn3}\ndataset: {name: glyphs}\nmeasure: [cost]\n"
             "sweep: {core.rows: [8, 16, 32]}\n");
  const auto sweep = [&](const std::string& before) {
    fs::remove(folder_ + "/s.h5");
    const Ran ran = run(before, "sweep card.yaml --report /dev/null --output s.h5");
    EXPECT_EQ(ran.code, 0) << ran.errors;
    return text("s.h5");
  };
  EXPECT_EQ(sweep("env " + in_front("jumping_clock")), sweep(""));
}

TEST_F(Surroundings, DecimalCommasOfALocaleReachNoNumber) {
  const Ran made =
      run_shell(fmt::format("localedef -i de_DE -f UTF-8 --no-archive {}/de_DE.UTF-8", folder_));
  if (made.code != 0) GTEST_SKIP() << "no sources of locales (Debian: locales)";
  const std::string german = fmt::format("env LOCPATH={} LC_ALL=de_DE.UTF-8", folder_);
  for (const char* command : {"chip {}/devices/mzi-mesh.yaml --chips 2 --json",
                              "memory {}/memory/ddr4-2400.yaml --pattern rand_rd --requests 100",
                              "decompose m.csv --json"}) {
    const Ran here = run(german, command), there = run("", command);
    EXPECT_EQ(here.code, 0) << here.errors;
    EXPECT_EQ(here.output, there.output);
  }
}

TEST_F(Surroundings, SmallStacksAndAGigabyteAreEnough) {
  std::string deep = "x";
  for (int level = 0; level < 60; ++level) deep = fmt::format("{{a: {}}}", deep);
  write_file(folder_ + "/deep.yaml", deep);
  EXPECT_EQ(run("ulimit -s 256;", "decompose m.csv").code, 0);
  EXPECT_EQ(run("ulimit -s 256;", "chip {}/devices/mzi-mesh.yaml --chips 2").code, 0);
  EXPECT_EQ(run("ulimit -s 256;", "cost deep.yaml").code, 2);
  const std::string small_training =
      "run --set name=x --set model.name=lenet5 --set 'dataset={{name: glyphs, train_limit: 60, "
      "test_limit: 20}}' --set train.epochs=0 --set teacher.epochs=1 --set 'measure=[accuracy]' "
      "--threads 2 --report /dev/null --output o.h5";
  write_file(folder_ + "/c.yaml", "name: x\n");
  const Ran ran = run("ulimit -s 256; ulimit -v 1048576;", small_training + " c.yaml");
  EXPECT_EQ(ran.code, 0) << ran.errors;
}

TEST_F(Surroundings, NeitherAHomeNorATemporaryFolderIsNeeded) {
  const std::string bare = "env -i TMPDIR=/nonexistent";
  EXPECT_EQ(run(bare, "decompose m.csv --output out.h5").code, 0);
  const Ran through = run(bare, "decompose m.csv --output /dev/null");
  EXPECT_EQ(through.code, 1);
  EXPECT_NE(through.errors.find("set TMPDIR"), std::string::npos) << through.errors;
  const Ran nowhere = run(bare, "decompose m.csv --output /proc/out.h5");
  EXPECT_NE(nowhere.code, 0);
  EXPECT_NE(nowhere.errors.find("'/proc/out.h5'"), std::string::npos) << nowhere.errors;
}

TEST_F(Surroundings, TwoWritersOfOneFileLeaveOneWholeFile) {
  EXPECT_EQ(run("", "decompose m.csv --output alone.h5").code, 0);
  const std::size_t before = entries();
  for (int round = 0; round < 4; ++round) {
    const std::string one = fmt::format("{} decompose m.csv --quiet --output both.h5", program());
    const Ran ran = run_shell(
        fmt::format("cd {} && ({} & p=$!; {}; r=$?; wait $p && exit $r)", folder_, one, one));
    EXPECT_EQ(ran.code, 0) << ran.errors;
    const Ran read = run("", "decompose both.h5 --json");
    EXPECT_EQ(read.output, run("", "decompose alone.h5 --json").output);
    EXPECT_EQ(entries(), before + 1);
  }
}

TEST_F(Surroundings, AReaderKeepsTheFileThatItOpenedWhileAnotherTakesItsPlace) {
  EXPECT_EQ(run("", "decompose m.csv --output out.h5").code, 0);
  const std::string old = text("out.h5");
  const int reader = open((folder_ + "/out.h5").c_str(), O_RDONLY);
  ASSERT_EQ(flock(reader, LOCK_SH), 0);
  EXPECT_EQ(run("", "decompose m.csv --mesh reck --output out.h5").code, 0);
  EXPECT_NE(text("out.h5"), old);
  std::string kept(old.size() + 1, '\0');
  EXPECT_EQ(read(reader, kept.data(), kept.size()), static_cast<ssize_t>(old.size()));
  kept.resize(old.size());
  EXPECT_EQ(kept, old);
  close(reader);
}

TEST_F(Surroundings, NamesMayHoldBlanksAndLettersOfAnyLanguage) {
  fs::create_directories(folder_ + "/Wörk ing/資料");
  fs::rename(folder_ + "/m.csv", folder_ + "/Wörk ing/資料/m 'x'.csv");
  const Ran ran =
      run("cd 'Wörk ing';", "decompose \"資料/m 'x'.csv\" --output \"../Wörk ing/資料/ö ut.h5\"");
  EXPECT_EQ(ran.code, 0) << ran.errors;
  EXPECT_TRUE(fs::exists(folder_ + "/Wörk ing/資料/ö ut.h5"));
}

TEST_F(Surroundings, SixtyFourThreadsSayWhatOneSays) {
  const std::string chip = "chip {}/devices/mzi-mesh.yaml --chips 8 --json --threads ";
  const Ran one = run("", chip + "1"), many = run("", chip + "64");
  EXPECT_EQ(many.code, 0) << many.errors;
  EXPECT_EQ(many.output, one.output);
}

}  // namespace
}  // namespace lightloom::experiments

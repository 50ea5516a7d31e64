#include "core/files/atomic_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>

#include "core/error.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom {
namespace {

namespace fs = std::filesystem;

class AtomicFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_path("atomic");
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string at(const std::string& name) const { return (folder_ / name).string(); }
  static std::string text(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

TEST_F(AtomicFiles, ALinkStaysALinkAndTheFileBehindItIsReplaced) {
  std::ofstream(at("target")) << "old";
  fs::create_symlink("target", at("link"));
  fs::create_symlink("nowhere", at("dangling"));
  write_file(at("link"), "new");
  EXPECT_TRUE(fs::is_symlink(at("link")));
  EXPECT_EQ(text(at("target")), "new");
  write_file(at("dangling"), "made");
  EXPECT_TRUE(fs::is_symlink(at("dangling")));
  EXPECT_EQ(text(at("nowhere")), "made");
  fs::create_symlink("circle", at("circle"));
  EXPECT_THROW(write_file(at("circle"), "x"), Error);
}

TEST_F(AtomicFiles, APipeIsWrittenThroughAndStays) {
  ASSERT_EQ(mkfifo(at("pipe").c_str(), 0600), 0);
  std::future<std::string> reader =
      std::async(std::launch::async, [&] { return text(at("pipe")); });
  const std::string much(200'000, 'x');  // more than a pipe holds
  write_file(at("pipe"), much);
  EXPECT_EQ(reader.get(), much);
  EXPECT_TRUE(fs::is_fifo(at("pipe")));
  EXPECT_EQ(entries(), 1u);
  write_file("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(AtomicFiles, WhoeverReadsTheNewFileFindsItUnlocked) {
  AtomicFile file(at("out"));
  file.commit();
  const int reader = open(at("out").c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(flock(reader, LOCK_SH | LOCK_NB), 0);
  close(reader);
}

TEST_F(AtomicFiles, WhatAKilledWriterLeftIsRemovedAndNothingElse) {
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  waitpid(dead, nullptr, 0);
  const std::string of_dead = fmt::format("out.partial-{}-0", dead),
                    of_living = fmt::format("out.partial-{}-0", getppid());
  for (const std::string& name :
       {of_dead, of_living, std::string("out.partial-notes"), std::string("out.partial"),
        fmt::format("other.partial-{}-0", dead), fmt::format("out.partial-{}x", dead)})
    std::ofstream(at(name)) << "mine";
  write_file(at("out"), "done");
  EXPECT_FALSE(fs::exists(at(of_dead)));
  EXPECT_EQ(text(at(of_living)), "mine");
  EXPECT_EQ(entries(), 6u);  // five that stay, and the result
  // What waited to go through a pipe or device lies in the folder for temporary files.
  const fs::path waited = fs::temp_directory_path() / fmt::format("lightloom.partial-{}-0", dead);
  std::ofstream(waited) << "mine";
  write_file("/dev/null", "gone");
  EXPECT_FALSE(fs::exists(waited));
}

TEST_F(AtomicFiles, ANameThatTheFileSystemCannotHoldIsRefusedBeforeWork) {
  EXPECT_THROW(require_writable(at(std::string(250, 'n'))), Error);
  EXPECT_NO_THROW(require_writable(at(std::string(200, 'n'))));
  EXPECT_THROW(require_writable(folder_.string()), Error);
}

TEST_F(AtomicFiles, WithoutCommitNothingIsLeftAndWhatWasThereStays) {
  std::ofstream(at("out")) << "old";
  {
    AtomicFile file(at("out"));
    std::ofstream(file.temporary()) << "half";
    EXPECT_EQ(entries(), 2u);
  }
  EXPECT_EQ(text(at("out")), "old");
  EXPECT_EQ(entries(), 1u);
}

}  // namespace
}  // namespace lightloom

#include "core/files/file_lock.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"

namespace lightloom {
namespace {

namespace fs = std::filesystem;

class LockedFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("lightloom-lock-" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    path_ = (folder_ / "s.h5").string();
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// What another process is told that wants the file; "" when it gets it.
  [[nodiscard]] std::string told() const {
    try {
      const FileLock lock(path_);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }
  /// A lock as a process of another machine leaves it that was killed.
  void leave_from_elsewhere(std::chrono::seconds age) const {
    std::ofstream(path_ + ".lock") << "123 elsewhere 2026-01-02T03:04:05\n";
    fs::last_write_time(path_ + ".lock", fs::file_time_type::clock::now() - age);
  }

  fs::path folder_;
  std::string path_;
};

TEST_F(LockedFile, IsRefusedToASecondAndFreeAfterwards) {
  {
    const FileLock lock(path_);
    const std::string said = told();
    EXPECT_NE(said.find("'" + path_ + "' is being written by process " + std::to_string(getpid())),
              std::string::npos)
        << said;
    EXPECT_NE(said.find("name another file"), std::string::npos) << said;
  }
  EXPECT_EQ(told(), "");
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(LockedFile, OfAProcessThatWasKilledIsFree) {
  const pid_t child = fork();
  if (child == 0) {
    new FileLock(path_);  // never given back
    raise(SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_TRUE(fs::exists(path_ + ".lock"));
  EXPECT_EQ(told(), "");
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(LockedFile, OfAnotherMachineCountsWhileItsOwnerTouchesIt) {
  leave_from_elsewhere(std::chrono::seconds(280));
  EXPECT_NE(told().find("by process 123 on elsewhere since 2026-01-02T03:04:05"), std::string::npos)
      << told();
  leave_from_elsewhere(std::chrono::seconds(320));
  EXPECT_EQ(told(), "");
}

TEST_F(LockedFile, IsTheOneThatALinkLeadsTo) {
  fs::create_symlink("s.h5", folder_ / "link.h5");
  const FileLock lock((folder_ / "link.h5").string());
  EXPECT_NE(told(), "");
}

TEST_F(LockedFile, GoesByTheLockAndNotByWhatItSays) {
  std::ofstream(path_ + ".lock") << "cut o";
  EXPECT_EQ(told(), "");
  std::ofstream(path_ + ".lock") << getppid() << ' ' << "nobody\n";
  EXPECT_EQ(told(), "");
}

TEST_F(LockedFile, ThatIsADeviceIsNot) {
  const FileLock one("/dev/null"), two("/dev/null");
  EXPECT_FALSE(fs::exists("/dev/null.lock"));
}

}  // namespace
}  // namespace lightloom

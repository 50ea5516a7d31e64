// CSV tables and files that are whole or not there.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/csv.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom {
namespace {

namespace fs = std::filesystem;

TEST(Csv, DividesLinesIntoCells) {
  const std::vector<CsvLine> lines = csv_lines("\xEF\xBB\xBF a , b\t,c\r\n\n# note\n1,,3\n4,5,\n");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].cells, (std::vector<std::string_view>{"a", "b", "c"}));
  EXPECT_EQ(lines[1].cells, (std::vector<std::string_view>{"1", "", "3"}));
  EXPECT_EQ(lines[1].number, 4);
  EXPECT_EQ(lines[2].cells, (std::vector<std::string_view>{"4", "5"}));
  EXPECT_EQ(csv_lines("# note, whole\n", CsvComments::kept).at(0).cells,
            (std::vector<std::string_view>{"# note, whole"}));
}

TEST(Csv, ANumberIsTheWholeCell) {
  EXPECT_EQ(csv_number("-2.5e-3"), -2.5e-3);
  EXPECT_EQ(csv_number("+4"), 4);
  for (const char* text : {"", "1 2", "1x", "x", "nan", "inf", "1e999", "+-1", "0x10", ","})
    EXPECT_FALSE(csv_number(text)) << text;
}

std::size_t files_in(const std::string& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(AtomicFile, KeepsTheOldContentsUntilItIsCommitted) {
  const std::string folder = scratch_path("atomic").string();
  fs::create_directory(folder);
  const std::string path = folder + "/file";
  write_file(path, "old");
  {
    AtomicFile file(path);
    std::ofstream(file.temporary()) << "half";
  }
  EXPECT_EQ(read_file(path, "file"), "old");
  EXPECT_EQ(files_in(folder), 1u);
  write_file(path, "new");
  EXPECT_EQ(read_file(path, "file"), "new");
  EXPECT_EQ(files_in(folder), 1u);
}

TEST(AtomicFile, TwoWritersOfOneFileDoNotMeet) {
  const std::string path = scratch_path("shared").string();
  AtomicFile one(path), other(path);
  EXPECT_NE(one.temporary(), other.temporary());
  std::ofstream(one.temporary()) << "one";
  std::ofstream(other.temporary()) << "other";
  one.commit();
  EXPECT_EQ(read_file(path, "file"), "one");
  other.commit();
  EXPECT_EQ(read_file(path, "file"), "other");
}

TEST(AtomicFile, SaysWhyAPlaceCannotBeWritten) {
  EXPECT_THROW(write_file("", "x"), Error);
  EXPECT_THROW(write_file(fs::temp_directory_path().string(), "x"), Error);
  EXPECT_THROW(write_file("/no/such/folder/file", "x"), Error);
}

/// Lets no file of this process grow past `bytes`, as a full disk or a quota would.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : before_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit small{bytes, limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &limit_);
    signal(SIGXFSZ, before_);
  }

 private:
  rlimit limit_{};
  void (*before_)(int);
};

TEST(AtomicFile, AFullDiskIsAFailureThatKeepsWhatWasThere) {
  const std::string folder = scratch_path("full").string();
  fs::create_directory(folder);
  write_file(folder + "/file", "old");
  std::string why;
  {
    const FullDisk full(1000);
    try {
      write_file(folder + "/file", std::string(1 << 20, 'x'));
    } catch (const Failure& failure) {
      why = failure.what();
    }
  }
  EXPECT_NE(why.find(folder + "/file"), std::string::npos) << why;
  EXPECT_EQ(read_file(folder + "/file", "file"), "old");
  EXPECT_EQ(files_in(folder), 1u);
}

TEST(ReadFile, RefusesWhatIsMissingOrTooLarge) {
  const std::string path = scratch_path("ten").string();
  write_file(path, "0123456789");
  EXPECT_EQ(read_file(path, "file", 10).size(), 10u);
  EXPECT_THROW(read_file(path, "file", 9), Error);
  EXPECT_THROW(read_file(path + ".none", "file"), Error);
  EXPECT_THROW(read_file(fs::temp_directory_path().string(), "file"), Error);
}

}  // namespace
}  // namespace lightloom

#include "core/files/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <tuple>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/files/written.hpp"

namespace lightloom {
namespace {

namespace fs = std::filesystem;

std::string reason() { return std::strerror(errno); }

/// Where a name leads through links, which need not be there yet.
fs::path end_of_links(const std::string& path) {
  fs::path end(path);
  std::error_code ignored;
  for (int links = 0; fs::is_symlink(fs::symlink_status(end, ignored)); ++links) {
    require(links < 40, "output '{}' is a link that leads to itself", path);
    const fs::path next = fs::read_symlink(end, ignored);
    end = next.is_absolute() ? next : end.parent_path() / next;
  }
  return end;
}

/// A pipe or a device such as /dev/null or /dev/stdout: what is written goes through it, and
/// nothing takes its place.
bool is_passage(const std::string& path) {
  std::error_code ignored;
  const fs::file_type type = fs::status(path, ignored).type();
  return type == fs::file_type::fifo || type == fs::file_type::character ||
         (type == fs::file_type::regular &&
          (path.starts_with("/dev/") || path.starts_with("/proc/")));
}

constexpr std::string_view partial = ".partial-";

/// Whether a file "...partial-PID..." has no writer: no process of this number here, nor one on
/// another machine that holds its lock.
bool is_abandoned(const fs::path& file, std::string_view after_partial) {
  pid_t owner = 0;
  const auto [end, problem] =
      std::from_chars(after_partial.data(), after_partial.data() + after_partial.size(), owner);
  if (problem != std::errc{} || owner <= 0) return false;
  if (end != after_partial.data() + after_partial.size() && *end != '-') return false;
  if (kill(owner, 0) == 0 || errno != ESRCH) return false;
  const int opened = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (opened < 0) return false;
  const bool free = flock(opened, LOCK_EX | LOCK_NB) == 0;
  close(opened);
  return free;
}

/// Removes what writers of `target` left that were killed.
void remove_abandoned(const fs::path& target) {
  const std::string start = target.filename().string() + std::string(partial);
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  std::error_code ignored;
  std::vector<fs::path> abandoned;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(start) && entry.symlink_status(ignored).type() == fs::file_type::regular &&
        is_abandoned(entry.path(), std::string_view(name).substr(start.size())))
      abandoned.push_back(entry.path());
  }
  for (const fs::path& file : abandoned) fs::remove(file, ignored);
}

/// Makes an empty file of its own that begins with `start`, and locks it. O_EXCL: never one that is
/// there, nor through a link that someone left.
std::pair<std::string, int> create_own(const std::string& start, const std::string& path) {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    std::string name = fmt::format("{}{}{}-{}", start, partial, getpid(), attempt);
    const int file = open(name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    if (file >= 0) {
      flock(file, LOCK_EX | LOCK_NB);
      return {std::move(name), file};
    }
    require(errno == EEXIST, "output '{}' cannot be written ({})", path, reason());
  }
  throw Failure(fmt::format("output '{}' cannot be written (too many files '{}{}...')", path, start,
                            partial));
}

/// The file system takes the name, with the ending that it has until it is complete.
void require_name_fits(const fs::path& target, const std::string& path) {
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  const long most = pathconf(folder.c_str(), _PC_NAME_MAX);
  constexpr std::size_t ending = 32;  // ".partial-PID-ATTEMPT"
  const std::size_t length = target.filename().string().size();
  require(most < 0 || length + ending <= static_cast<std::size_t>(most),
          "output '{}' has a name of {} bytes, and the file system takes {} with the ending of an "
          "unfinished file (choose a shorter one)",
          path, length, most - static_cast<long>(ending));
}

/// Where bytes wait that go through a pipe or device.
std::string temporary_start(const std::string& path) {
  std::error_code problem;
  const fs::path folder = fs::temp_directory_path(problem);
  if (problem)
    throw Failure(
        fmt::format("'{}' cannot be written (there is no folder for temporary files: set "
                    "TMPDIR)",
                    path));
  return (folder / "lightloom").string();
}

/// Puts all bytes of one file through a pipe or device.
void pass_on(const std::string& name, const std::string& path) {
  const std::string bytes = read_file(name, "output", std::size_t{1} << 40);
  const int passage = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  std::size_t done = 0;
  while (passage >= 0 && done < bytes.size()) {
    const ssize_t written = write(passage, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  const std::string why = done == bytes.size() && passage >= 0 ? "" : reason();
  if (passage >= 0) close(passage);
  if (!why.empty()) throw Failure(fmt::format("'{}' cannot be written ({})", path, why));
}

}  // namespace

void require_writable(const std::string& path) {
  std::error_code ignored;
  require(!path.empty(), "the output path is empty (name a file)");
  require(!fs::is_directory(path, ignored), "output '{}' is a folder (name a file in it)", path);
  if (fs::exists(path, ignored))
    require(is_passage(path) || fs::is_regular_file(path, ignored),
            "output '{}' is no file, pipe or terminal (name a file)", path);
  const fs::path target = end_of_links(path);
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  if (!is_passage(path)) {
    require(fs::is_directory(folder, ignored),
            "output '{}': the folder '{}' does not exist (create it first)", path, folder.string());
    require(access(folder.c_str(), W_OK) == 0, "output '{}': the folder '{}' is not writable", path,
            folder.string());
    require_name_fits(target, path);
  }
  require(!fs::exists(path, ignored) || access(path.c_str(), W_OK) == 0,
          "output '{}' exists and is not writable (choose another name)", path);
}

std::string replaced_file(const std::string& path) {
  return is_passage(path) ? "" : end_of_links(path).string();
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  require_writable(path_);
  target_ = replaced_file(path_);
  const std::string start = target_.empty() ? temporary_start(path_) : target_;
  remove_abandoned(start);
  std::tie(temporary_, lock_) = create_own(start, path_);
}

AtomicFile::~AtomicFile() {
  std::error_code ignored;
  if (!committed_) fs::remove(temporary_, ignored);
  close(lock_);
}

void AtomicFile::commit() {
  if (target_.empty()) return pass_on(temporary_, path_);
  // A name never stands for bytes that a power cut took.
  if (fsync(lock_) != 0) throw Failure(fmt::format("'{}' cannot be written ({})", path_, reason()));
  // HDF5 refuses to read a file that somebody holds locked.
  flock(lock_, LOCK_UN);
  std::error_code problem;
  fs::rename(temporary_, target_, problem);
  if (problem) throw Failure(fmt::format("'{}' cannot be written ({})", path_, problem.message()));
  committed_ = true;
}

void write_file(const std::string& path, std::string_view contents) {
  AtomicFile file(path);
  errno = 0;
  std::ofstream out(file.temporary(), std::ios::binary);
  out.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  close_written(out, path);
  file.commit();
}

std::string read_file(const std::string& path, std::string_view what, std::size_t most_bytes) {
  std::error_code problem;
  require(fs::exists(path, problem), "{} '{}' does not exist", what, path);
  require(!fs::is_directory(path, problem), "{} '{}' is a folder", what, path);
  require(!fs::is_regular_file(path, problem) || fs::file_size(path, problem) <= most_bytes,
          "{} '{}' is larger than {} bytes", what, path, most_bytes);
  std::ifstream file(path, std::ios::binary);
  require(file.good(), "{} '{}' cannot be read ({})", what, path, reason());
  std::string contents;
  std::array<char, 1 << 16> part;
  while (file.read(part.data(), part.size()), file.gcount() > 0) {
    contents.append(part.data(), static_cast<std::size_t>(file.gcount()));
    require(contents.size() <= most_bytes, "{} '{}' is larger than {} bytes", what, path,
            most_bytes);
  }
  require(!file.bad(), "{} '{}' cannot be read ({})", what, path, reason());
  return contents;
}

}  // namespace lightloom

#include "core/files/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"

namespace lightloom {
namespace {

namespace fs = std::filesystem;

std::string reason() { return std::strerror(errno); }

/// Makes an empty file of its own beside `path`. O_EXCL: never one that is there, nor through a
/// link that someone left.
std::string create_beside(const std::string& path) {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    std::string name = fmt::format("{}.partial-{}-{}", path, getpid(), attempt);
    const int file = open(name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    if (file >= 0) {
      close(file);
      return name;
    }
    require(errno == EEXIST, "output '{}' cannot be written ({})", path, reason());
  }
  throw Failure(
      fmt::format("output '{}' cannot be written (too many files '{}.partial-...')", path, path));
}

/// Brings what was written to disk, so that a name never stands for bytes that a power cut took.
void synchronise(const std::string& name, const std::string& path) {
  const int file = open(name.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = file >= 0 && fsync(file) == 0;
  const std::string why = done ? "" : reason();
  if (file >= 0) close(file);
  if (!done) throw Failure(fmt::format("'{}' cannot be written ({})", path, why));
}

}  // namespace

void require_writable(const std::string& path) {
  const fs::path target(path);
  std::error_code ignored;
  require(!path.empty(), "the output path is empty (name a file)");
  require(!fs::is_directory(target, ignored), "output '{}' is a folder (name a file in it)", path);
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  require(fs::is_directory(folder, ignored),
          "output '{}': the folder '{}' does not exist (create it first)", path, folder.string());
  require(access(folder.c_str(), W_OK) == 0, "output '{}': the folder '{}' is not writable", path,
          folder.string());
  require(!fs::exists(target, ignored) || access(path.c_str(), W_OK) == 0,
          "output '{}' exists and is not writable (choose another name)", path);
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  require_writable(path_);
  temporary_ = create_beside(path_);
}

AtomicFile::~AtomicFile() {
  std::error_code ignored;
  if (!committed_) fs::remove(temporary_, ignored);
}

void AtomicFile::commit() {
  synchronise(temporary_, path_);
  std::error_code problem;
  fs::rename(temporary_, path_, problem);
  if (problem) throw Failure(fmt::format("'{}' cannot be written ({})", path_, problem.message()));
  committed_ = true;
}

void write_file(const std::string& path, std::string_view contents) {
  AtomicFile file(path);
  errno = 0;
  std::ofstream out(file.temporary(), std::ios::binary);
  out.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  out.close();
  if (!out.good())
    throw Failure(fmt::format("'{}' cannot be written ({})", path,
                              errno != 0 ? reason() : "the disk may be full"));
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

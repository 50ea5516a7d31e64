#include "core/files/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <ctime>
#include <optional>
#include <sstream>

#include "core/files/atomic_file.hpp"

namespace lightloom {
namespace {

constexpr std::chrono::seconds between_touches{30};
constexpr std::time_t no_owner_after_s = 300;

/// Who works on a file, as its lock says.
struct Owner {
  pid_t process = 0;
  std::string machine, since;
};

std::string own_machine() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

std::string own_text() {
  const std::time_t now = std::time(nullptr);
  std::array<char, 32> text{};
  std::tm parts{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", localtime_r(&now, &parts));
  return fmt::format("{} {} {}\n", getpid(), own_machine(), text.data());
}

/// Nothing where the file says nothing: it has just been made, or its owner was killed then.
std::optional<Owner> owner_of(int file) {
  std::array<char, 512> text{};
  const ssize_t size = pread(file, text.data(), text.size() - 1, 0);
  Owner owner;
  std::istringstream words(std::string(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0));
  if (words >> owner.process >> owner.machine >> owner.since && owner.process > 0) return owner;
  return std::nullopt;
}

/// Of a lock that nobody holds as far as the file system knows.
bool still_works(const Owner& owner, const struct stat& status, bool locks) {
  if (owner.machine == own_machine())
    return !locks && owner.process != getpid() && (kill(owner.process, 0) == 0 || errno == EPERM);
  return std::time(nullptr) - status.st_mtime < no_owner_after_s;
}

[[noreturn]] void refuse(const std::string& path, const std::optional<Owner>& owner) {
  const std::string who =
      owner ? fmt::format("process {} on {} since {}", owner->process, owner->machine, owner->since)
            : "another process";
  throw FileBusy(
      fmt::format("'{}' is being written by {} (wait for it, or name another file)", path, who));
}

/// Whether the open file still has its name, which an owner takes away at its end.
bool is_named(int file, const std::string& name) {
  struct stat open {
  }, named{};
  return fstat(file, &open) == 0 && stat(name.c_str(), &named) == 0 &&
         open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}

/// The locked file; nothing where it was removed meanwhile.
std::optional<int> locked(const std::string& name, const std::string& path) {
  const int file = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  require(file >= 0, "output '{}' cannot be locked by '{}' ({})", path, name, std::strerror(errno));
  const bool taken = flock(file, LOCK_EX | LOCK_NB) == 0;
  const bool locks = taken || errno == EWOULDBLOCK;
  const std::optional<Owner> owner = owner_of(file);
  struct stat status {};
  fstat(file, &status);
  if ((!taken && locks) || (owner && still_works(*owner, status, locks))) {
    close(file);
    refuse(path, owner);
  }
  if (is_named(file, name)) return file;
  close(file);
  return std::nullopt;
}

}  // namespace

FileLock::FileLock(const std::string& path) {
  require_writable(path);
  const std::string target = replaced_file(path);
  if (target.empty()) return;
  name_ = target + ".lock";
  for (int attempt = 0; file_ < 0; ++attempt) {
    require(attempt < 100, "output '{}' cannot be locked: '{}' comes and goes", path, name_);
    file_ = locked(name_, path).value_or(-1);
  }
  const std::string text = own_text();
  if (ftruncate(file_, 0) != 0 ||
      pwrite(file_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    const std::string why = std::strerror(errno);
    close(file_);
    throw Failure(fmt::format("'{}' cannot be written ({})", name_, why));
  }
  heart_ = std::thread([this] { stay(); });
}

FileLock::~FileLock() {
  if (file_ < 0) return;
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  heart_.join();
  unlink(name_.c_str());  // while it is locked, so that nobody else's is removed
  close(file_);
}

void FileLock::stay() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, between_touches, [&] { return over_; })) futimens(file_, nullptr);
}

}  // namespace lightloom

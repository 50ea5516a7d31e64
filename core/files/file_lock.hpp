#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "core/error.hpp"

namespace lightloom {

/// Another process works on the file.
class FileBusy : public Error {
 public:
  using Error::Error;
};

/// Keeps other processes from working on the file `path` for long, by a file `path`.lock beside it
/// that says who does: `path` itself is replaced meanwhile. What a process left that ended without
/// removing it is recognised: on one machine, and on file systems that lock across machines, by the
/// lock that ends with its process; else by its age, since an owner touches it every half minute
/// and one of five minutes has none. Pipes and devices are not locked.
class FileLock {
 public:
  /// Throws `FileBusy` that names the process, its machine and since when it works, where one does.
  explicit FileLock(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  void stay();

  std::string name_;  // "": not locked
  int file_ = -1;
  bool over_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread heart_;
};

}  // namespace lightloom

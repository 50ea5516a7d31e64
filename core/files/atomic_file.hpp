#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lightloom {

/// Throws `Error` unless `path` can be created or replaced; creates nothing. Call before long work.
void require_writable(const std::string& path);

/// The file that takes what is written to `path`: where links lead; "" for a pipe or a device such
/// as /dev/null, which stays where it is. Throws `Error` for a link that leads to itself.
std::string replaced_file(const std::string& path);

/// A file that is complete or not there: it is written under a name of its own beside `path` and
/// takes the place of `path` when `commit` is called, so that what stood there stays whole until
/// then. Without `commit` the destructor removes what was written. A link stays a link: the file
/// that it leads to is replaced. What goes to a pipe or a device (/dev/null, /dev/stdout) is
/// written through it at `commit`. Files that killed writers of `path` left are removed.
class AtomicFile {
 public:
  /// Throws `Error` if the place cannot be written (see `require_writable`).
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Where to write meanwhile: a file that exists, is empty, and is nobody else's.
  [[nodiscard]] const std::string& temporary() const { return temporary_; }
  /// Brings the bytes to disk and gives them their name. Throws `Failure` with the reason.
  void commit();

 private:
  std::string path_, target_, temporary_;  // no target: bytes go through a pipe or device
  int lock_ = -1;                          // of the temporary file, so that nobody removes it
  bool committed_ = false;
};

/// Writes a whole file so. Throws `Error` for a place that cannot be written, `Failure` when
/// writing fails (a full disk).
void write_file(const std::string& path, std::string_view contents);

/// Reads a whole file of at most `most_bytes`. Throws `Error` naming it when it is missing, a
/// folder, not readable or larger; `what` names its kind in the sentence ("matrix file").
std::string read_file(const std::string& path, std::string_view what,
                      std::size_t most_bytes = std::size_t{1} << 30);

}  // namespace lightloom

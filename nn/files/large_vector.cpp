#include "nn/files/large_vector.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <new>
#include <string>

#include "core/error.hpp"

namespace lightloom::nn {
namespace {

std::size_t usable_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  std::size_t bytes = pages > 0 && page > 0
                          ? static_cast<std::size_t>(pages) * static_cast<std::size_t>(page)
                          : std::size_t{1} << 32;
  std::size_t group = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> group && group > 0)  // not for "max"
    bytes = std::min(bytes, group);
  return bytes;
}

/// A file without a name: it goes with its last user, whatever happens.
int open_unnamed(const std::string& folder) {
#ifdef O_TMPFILE
  const int file = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) return file;
#endif
  std::string name = folder + "/lightloom-XXXXXX";
  const int named = mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) unlink(name.c_str());
  return named;
}

void* map_file(std::size_t bytes) {
  const char* given = std::getenv("TMPDIR");
  const std::string folder = given != nullptr && *given != '\0' ? given : "/var/tmp";
  const int file = open_unnamed(folder);
  require(file >= 0, "cannot keep {} MB of data on disk in '{}' (set TMPDIR to a folder with room)",
          bytes >> 20, folder);
  const bool room = posix_fallocate(file, 0, static_cast<off_t>(bytes)) == 0;
  void* block =
      room ? mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
  close(file);
  require(block != MAP_FAILED,
          "cannot keep {} MB of data on disk in '{}' (no room there: set TMPDIR to a folder with "
          "room, or use fewer images)",
          bytes >> 20, folder);
  return block;
}

}  // namespace

std::size_t large_block() {
  static const std::size_t bytes = usable_memory() / 8;
  return bytes;
}

void* take_block(std::size_t bytes, std::size_t limit) {
  return bytes >= limit && bytes > 0 ? map_file(bytes) : ::operator new(bytes);
}

void give_block(void* block, std::size_t bytes, std::size_t limit) {
  if (bytes >= limit && bytes > 0)
    munmap(block, bytes);
  else
    ::operator delete(block);
}

}  // namespace lightloom::nn

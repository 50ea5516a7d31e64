#pragma once

#include <cstddef>
#include <vector>

namespace lightloom::nn {

/// Bytes from which on a block of memory lies in a file: an eighth of what the process may use (the
/// machine's memory, or the control group's limit if that is less).
std::size_t large_block();

/// A block of `bytes`; from `limit` on in an unlinked file in $TMPDIR (else /var/tmp), mapped, so
/// that the system keeps in memory what is used and the rest on disk. Throws `Error` when the disk
/// has no room.
void* take_block(std::size_t bytes, std::size_t limit);
/// Gives it back; `bytes` and `limit` as it was taken.
void give_block(void* block, std::size_t bytes, std::size_t limit);

/// For vectors that may be larger than memory.
template <class T>
struct LargeAllocator {
  using value_type = T;
  using propagate_on_container_copy_assignment = std::true_type;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  std::size_t limit = large_block();

  LargeAllocator() = default;
  explicit LargeAllocator(std::size_t bytes) : limit(bytes) {}
  template <class Other>
  explicit LargeAllocator(const LargeAllocator<Other>& other) : limit(other.limit) {}

  T* allocate(std::size_t count) { return static_cast<T*>(take_block(count * sizeof(T), limit)); }
  void deallocate(T* block, std::size_t count) { give_block(block, count * sizeof(T), limit); }
  bool operator==(const LargeAllocator&) const = default;
};

/// An array that may be larger than memory.
template <class T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

}  // namespace lightloom::nn

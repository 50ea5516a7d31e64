#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "photonic/decomposition/svd/svd_settings.hpp"

namespace lightloom::photonic {

/// Remembers the decompositions of target tiles by size and content: they do not depend on the
/// chip, and cost more than building one chip's matrix. Thread-safe. Holds at most `capacity_bytes`
/// of tiles of the largest size, then forgets everything and starts over.
class SvdCache {
 public:
  /// For tiles of at most `rows` x `columns`.
  SvdCache(int rows, int columns, Topology topology,
           std::size_t capacity_bytes = std::size_t{512} << 20);
  /// Of a (rows, columns) row-major tile.
  [[nodiscard]] std::shared_ptr<const SvdSettings> decomposed(std::span<const float> target,
                                                              int rows, int columns) const;

 private:
  struct Entry {
    std::vector<float> target;
    int columns;
    std::shared_ptr<const SvdSettings> settings;
  };
  [[nodiscard]] std::shared_ptr<const SvdSettings> find(std::uint64_t hash,
                                                        std::span<const float> target,
                                                        int columns) const;

  Topology topology_;
  std::size_t most_entries_;
  mutable std::mutex mutex_;
  mutable std::unordered_multimap<std::uint64_t, Entry> entries_;
};

}  // namespace lightloom::photonic

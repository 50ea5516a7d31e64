#include "photonic/decomposition/svd/svd_cache.hpp"

#include <algorithm>
#include <bit>

namespace lightloom::photonic {
namespace {

/// FNV-1a over the bit patterns. Equal content is confirmed by comparison, so a collision costs
/// time, never truth.
std::uint64_t content_hash(std::span<const float> values) {
  std::uint64_t hash = 14695981039346656037U;
  for (const float value : values)
    hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 1099511628211U;
  return hash;
}

}  // namespace

SvdCache::SvdCache(int rows, int columns, Topology topology, std::size_t capacity_bytes)
    : topology_(std::move(topology)) {
  const auto modes = static_cast<std::size_t>(topology_.modes);
  const std::size_t phases = 2 * (2 * topology_.cells.size() + modes) + modes;
  const std::size_t weights = static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  most_entries_ = std::max<std::size_t>(
      1, capacity_bytes / (phases * sizeof(double) + weights * sizeof(float)));
}

std::shared_ptr<const SvdSettings> SvdCache::find(std::uint64_t hash, std::span<const float> target,
                                                  int columns) const {
  const auto [first, last] = entries_.equal_range(hash);
  for (auto entry = first; entry != last; ++entry)
    if (entry->second.columns == columns && std::ranges::equal(entry->second.target, target))
      return entry->second.settings;
  return nullptr;
}

std::shared_ptr<const SvdSettings> SvdCache::decomposed(std::span<const float> target, int rows,
                                                        int columns) const {
  const std::uint64_t hash = content_hash(target);
  {
    const std::lock_guard lock(mutex_);
    if (auto known = find(hash, target, columns)) return known;
  }
  auto settings =
      std::make_shared<const SvdSettings>(decompose_svd(target, rows, columns, topology_));
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= most_entries_) entries_.clear();
  if (find(hash, target, columns) == nullptr)
    entries_.emplace(hash, Entry{{target.begin(), target.end()}, columns, settings});
  return settings;
}

}  // namespace lightloom::photonic

#include "nn/weights/source_table.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "nn/weights/binary/subbit_source.hpp"
#include "nn/weights/binary/tiled_source.hpp"
#include "nn/weights/binary/xor_source.hpp"
#include "nn/weights/codes/crew_source.hpp"
#include "nn/weights/codes/seed_source.hpp"
#include "nn/weights/codes/trellis_source.hpp"
#include "nn/weights/direct/circulant_source.hpp"
#include "nn/weights/direct/dense_source.hpp"
#include "nn/weights/direct/huffman_source.hpp"
#include "nn/weights/direct/integer_source.hpp"
#include "nn/weights/direct/learned_step_source.hpp"
#include "nn/weights/direct/power_source.hpp"
#include "nn/weights/direct/ternary_source.hpp"
#include "nn/weights/exchange/exchange_source.hpp"
#include "nn/weights/exchange/smart_deal_source.hpp"
#include "nn/weights/multilevel/generators.hpp"
#include "nn/weights/seeded/subspace_source.hpp"
#include "nn/weights/seeded/supermask_source.hpp"
#include "nn/weights/sharing/shared_source.hpp"
#include "nn/weights/sharing/stacked_source.hpp"

namespace lightloom::nn {
namespace {

/// Every source there is, and those that are registered.
std::deque<SourceEntry>& table() {
  static std::deque<SourceEntry> entries{
      dense_entry(),          integer_entry(),   learned_step_entry(), power_entry(),
      multilevel_entry(),     low_rank_entry(),  blueprint_entry(),    separable_entry(),
      shared_kernels_entry(), circulant_entry(), exchange_entry(),     smart_deal_entry(),
      ternary_entry(),        huffman_entry(),   supermask_entry(),    tiled_entry(),
      subbit_entry(),         xor_entry(),       subspace_entry(),     trellis_entry(),
      seed_entry(),           crew_entry(),      shared_depth_entry(), blend_entry(),
      stacked_entry(),
  };
  return entries;
}

const SourceEntry* find(std::string_view name) {
  const auto found = std::ranges::find(table(), name, &SourceEntry::name);
  return found == table().end() ? nullptr : &*found;
}

}  // namespace

void register_source(SourceEntry entry) {
  require(!entry.name.empty() && entry.make && entry.streams,
          "the weight source '{}' cannot be registered (it needs a name, make and streams)",
          entry.name);
  require(find(entry.name) == nullptr,
          "the weight source '{}' cannot be registered (the name is taken)", entry.name);
  table().push_back(std::move(entry));
}

const SourceEntry& source_entry(std::string_view name) {
  const SourceEntry* found = find(name);
  require(found != nullptr, "there is no weight source '{}' (lightloom has {})", name,
          fmt::join(source_names(), ", "));
  return *found;
}

const std::deque<SourceEntry>& source_entries() { return table(); }

std::vector<std::string> source_names() {
  std::vector<std::string> names;
  for (const SourceEntry& entry : table()) names.push_back(entry.name);
  return names;
}

}  // namespace lightloom::nn

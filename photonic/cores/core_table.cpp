#include "photonic/cores/core_table.hpp"

#include <algorithm>
#include <deque>
#include <mutex>

#include "core/cards/words.hpp"
#include "core/error.hpp"

namespace lightloom::photonic {
namespace {

struct CoreTable {
  std::mutex mutex;
  std::deque<CoreEntry> entries{ideal_core(), mrr_core(),        mzi_core(),    pcm_core(),
                                cell_core(),  incoherent_core(), dynamic_core()};

  const CoreEntry* find(std::string_view name) const {
    const auto found =
        std::ranges::find_if(entries, [&](const CoreEntry& entry) { return entry.name == name; });
    return found == entries.end() ? nullptr : &*found;
  }
};

CoreTable& table() {
  static CoreTable cores;
  return cores;
}

}  // namespace

const CoreEntry& core_entry(std::string_view name) {
  {
    CoreTable& cores = table();
    const std::lock_guard lock(cores.mutex);
    if (const CoreEntry* found = cores.find(name)) return *found;
  }
  const std::string near = nearest_word(name, core_kinds());
  throw Error(fmt::format("there is no core of kind '{}'{}", name,
                          near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near)));
}

std::vector<std::string> core_kinds() {
  CoreTable& cores = table();
  const std::lock_guard lock(cores.mutex);
  std::vector<std::string> names;
  for (const CoreEntry& entry : cores.entries) names.push_back(entry.name);
  return names;
}

void register_core(const CoreEntry& entry) {
  require(!entry.name.empty(), "a kind of core needs a name (cards choose it by that)");
  require(entry.make != nullptr && entry.optics != nullptr,
          "the kind of core '{}' lacks its `make` or its `optics`", entry.name);
  CoreTable& cores = table();
  const std::lock_guard lock(cores.mutex);
  require(cores.find(entry.name) == nullptr,
          "there is a kind of core '{}' already (give yours another name)", entry.name);
  cores.entries.push_back(entry);
}

}  // namespace lightloom::photonic

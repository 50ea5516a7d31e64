#include "cosim/generator/generator_table.hpp"

#include <algorithm>
#include <deque>
#include <mutex>

#include "core/cards/words.hpp"
#include "core/error.hpp"

namespace lightloom::cosim {

namespace {

struct GeneratorTable {
  std::mutex mutex;
  std::deque<GeneratorEntry> entries{electronic_generator(), photonic_generator()};

  const GeneratorEntry* find(std::string_view name) const {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const GeneratorEntry& e) { return e.name == name; });
    return found == entries.end() ? nullptr : &*found;
  }
};

GeneratorTable& table() {
  static GeneratorTable generators;
  return generators;
}

}  // namespace

const GeneratorEntry& generator_entry(std::string_view name) {
  {
    GeneratorTable& generators = table();
    const std::lock_guard lock(generators.mutex);
    if (const GeneratorEntry* found = generators.find(name)) return *found;
  }
  const std::string near = nearest_word(name, generator_kinds());
  throw Error(fmt::format("there is no generator of kind '{}'{}", name,
                          near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near)));
}

std::vector<std::string> generator_kinds() {
  GeneratorTable& generators = table();
  const std::lock_guard lock(generators.mutex);
  std::vector<std::string> names;
  for (const GeneratorEntry& entry : generators.entries) names.push_back(entry.name);
  return names;
}

void register_generator(const GeneratorEntry& entry) {
  require(!entry.name.empty(), "a kind of generator needs a name (cards choose it by that)");
  require(entry.cost != nullptr, "the kind of generator '{}' lacks its `cost`", entry.name);
  GeneratorTable& generators = table();
  const std::lock_guard lock(generators.mutex);
  require(entry.name != no_generator && generators.find(entry.name) == nullptr,
          "there is a kind of generator '{}' already (give yours another name)", entry.name);
  generators.entries.push_back(entry);
}

bool hands_over_light(const GeneratorCard& card) {
  return card.handover == Handover::analog && card.present() &&
         generator_entry(card.kind).drives_core;
}

GeneratorCost generator_cost(const GeneratorCard& card) {
  return [cost = generator_entry(card.kind).cost(card), rate = card.rate_scale,
          energy = card.energy_scale](const GenerationWork& work) {
    GenerationCost scaled = cost(work);
    scaled.time_ns /= rate;
    scaled.arithmetic_pJ *= energy;
    scaled.conversion_pJ *= energy;
    scaled.laser_pJ *= energy / rate;
    return scaled;
  };
}

GeneratorFigures generator_figures(const GeneratorCard& card) {
  if (!card.present()) return {};
  const GeneratorEntry& entry = generator_entry(card.kind);
  return entry.figures ? entry.figures(card) : GeneratorFigures{};
}

}  // namespace lightloom::cosim

#pragma once

#include <any>
#include <map>
#include <string>
#include <typeindex>

#include "core/cards/card.hpp"
#include "cosim/generator/electronic_generator.hpp"

namespace lightloom::cosim {

enum class Handover {
  digital,  // regenerated weights are digitised, wait in the tile buffer, and are written like
            // stored ones
  analog,   // they drive the core's weights directly; impossible where settings have to be computed
            // from weights
};

/// What only one kind of generator has on its card, by its type: any struct that can be copied.
class OwnParameters {
 public:
  /// Made with their defaults where there are none yet.
  template <class Parameters>
  Parameters& get() {
    std::any& found = by_type_[typeid(Parameters)];
    if (!found.has_value()) found = Parameters{};
    return std::any_cast<Parameters&>(found);
  }
  template <class Parameters>
  const Parameters& get() const {
    static const Parameters defaults{};
    const auto found = by_type_.find(typeid(Parameters));
    return found == by_type_.end() ? defaults : std::any_cast<const Parameters&>(found->second);
  }

 private:
  std::map<std::type_index, std::any> by_type_;
};

/// Kind of a card without a generator.
inline constexpr const char* no_generator = "none";

/// The hardware that regenerates weights. Every kind has the electronic unit: it does the work of
/// sources that another kind cannot do (shifts, look-ups).
struct GeneratorCard {
  std::string kind = no_generator;  // or a name of the generator table
  Handover handover = Handover::digital;
  ElectronicGenerator electronic;
  OwnParameters own;                        // what other kinds have
  double rate_scale = 1, energy_scale = 1;  // of its work, for what-if questions

  [[nodiscard]] bool present() const { return kind != no_generator; }
};

/// Accepts the sections of all kinds, whichever is chosen, so that a card can be asked for another.
void describe(Section& section, GeneratorCard& card);

}  // namespace lightloom::cosim

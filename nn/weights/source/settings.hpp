#pragma once

#include <any>
#include <concepts>
#include <functional>
#include <string>
#include <typeindex>
#include <utility>
#include <vector>

#include "core/cards/card.hpp"

namespace lightloom::nn {

/// The cards of the sources that read a section `weights`, one of each type, whoever defined it. A
/// card that is not there has its defaults.
class SourceSettings {
 public:
  SourceSettings() = default;
  /// SourceSettings(IntegerCard{...}, ...)
  template <class... Cards>
  requires(sizeof...(Cards) > 0 && (!std::same_as<Cards, SourceSettings> && ...))
      SourceSettings(Cards... cards) {
    (all_.emplace_back(std::move(cards)), ...);
  }

  template <class Card>
  [[nodiscard]] const Card& of() const {
    static const Card usual{};
    for (const std::any& one : all_)
      if (const auto* card = std::any_cast<Card>(&one)) return *card;
    return usual;
  }
  template <class Card>
  [[nodiscard]] Card& of() {
    for (std::any& one : all_)
      if (auto* card = std::any_cast<Card>(&one)) return *card;
    return all_.emplace_back().emplace<Card>();
  }

 private:
  std::vector<std::any> all_;
};

/// A card that a source reads in the section `weights`.
struct SettingsEntry {
  std::type_index type;
  std::function<void(Section&, SourceSettings&)> describe;
};

/// A card with a `describe(Section&, Card&)` whose keys stand in the section itself, or in one of
/// its own, `key`.
template <class Card>
SettingsEntry settings_of(const std::string& key = "") {
  return {typeid(Card), [key](Section& section, SourceSettings& settings) {
            if (key.empty())
              describe(section, settings.of<Card>());
            else
              section.card(key, settings.of<Card>());
          }};
}

}  // namespace lightloom::nn

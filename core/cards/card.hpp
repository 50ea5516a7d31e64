#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/cards/tree.hpp"

namespace lightloom {

/// The legal range of a number, ends included unless `open_low`.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool open_low = false;
};
inline constexpr Range any_number{};
inline constexpr Range positive{.low = 0, .open_low = true};
inline constexpr Range not_negative{.low = 0};
inline constexpr Range fraction{.low = 0, .high = 1};

/// How much the `source` of a card says for a number.
enum class Provenance {
  published,  // a source speaks of it, with none of the marks of an assumption
  assumed,    // its source is marked: "[from memory", "assum", "choice" or "ideali" stands in it
  unsourced,  // no source speaks of it
};
/// What the text of a `source` makes of a number; "" leaves it unsourced. Upper and lower case do
/// not matter.
Provenance provenance_of(std::string_view source);
const char* provenance_name(Provenance provenance);

/// A number that a card's struct reads, given or left at its default.
struct CardNumber {
  enum class Kind { real, whole, list };
  std::string path;  // "core.shifter.settle_us"
  Kind kind = Kind::real;
  double value = 0;    // of a list: 0
  Range range;         // where the key is legal by itself
  std::string source;  // the text that speaks of it; "": none
  [[nodiscard]] Provenance provenance() const { return provenance_of(source); }
};

/// What reading a card gathers beside its values.
struct CardReading {
  std::vector<std::string> problems;
  std::vector<CardNumber> numbers;                  // in the order of reading
  std::vector<std::pair<std::string, Tree>> cards;  // that sections named, by the section's path
};

class Section;

/// Where a mapping of a card stands: its path of keys, "" for the card itself, and the section that
/// it is in, if any.
struct CardPlace {
  std::string path = {};
  const Section* outer = nullptr;
};

/// One mapping of a card being read into a struct. A card struct has a function
///     void describe(Section& section, MyCard& card)
/// that names each key once: `Section` reads the key if it is there, leaves the default if not,
/// notes the resolved value, and reports unknown keys with the nearest known one. All problems of a
/// card are collected and reported together. Every mapping also accepts `source:` (where its
/// physical values come from: a text, or a mapping from key to text). A source speaks of the
/// numbers of its section and of sections in it, as far as they stand in the file that it stands
/// in. A section may be the path of another card, or name one under the key `card` (see
/// `section_of`).
class Section {
 public:
  Section(const Tree& tree, CardPlace place, CardReading& reading, Tree& resolved);
  ~Section();  // reports unknown keys
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;

  void value(std::string_view key, double& field, Range range = any_number);
  void value(std::string_view key, int& field, Range range = any_number);
  void value(std::string_view key, std::int64_t& field, Range range = any_number);
  void value(std::string_view key, std::uint64_t& field);
  void value(std::string_view key, bool& field);
  void value(std::string_view key, std::string& field);
  void value(std::string_view key, std::vector<double>& field, Range range = any_number);
  void value(std::string_view key, std::vector<int>& field, Range range = any_number);
  void value(std::string_view key, std::vector<std::string>& field);

  /// Where the default of `key`, read before, comes from. Notes it as a source of the resolved card
  /// when the card leaves the key out.
  void default_from(std::string_view key, const std::string& source);

  /// One of a list of names.
  template <class Enum>
  void choice(std::string_view key, Enum& field,
              std::initializer_list<std::pair<const char*, Enum>> names) {
    std::string text;
    std::vector<std::string> known;
    for (const auto& [name, value] : names) {
      known.emplace_back(name);
      if (value == field) text = name;
    }
    const std::size_t index = choose(key, text, known);
    if (index < known.size()) field = (names.begin() + static_cast<std::ptrdiff_t>(index))->second;
  }

  /// One of a list of names that only the running program knows.
  void choice(std::string_view key, std::string& field, const std::vector<std::string>& names);

  /// What a choice that was left open, read before, came to: the resolved card says so.
  void settle(std::string_view key, std::string_view name);

  /// A mapping read by `read(Section&)`. Absent keys leave the defaults, which are still noted as
  /// resolved.
  void section(std::string_view key, const std::function<void(Section&)>& read);
  /// A mapping that is another card struct.
  template <class Card>
  void card(std::string_view key, Card& card) {
    section(key, [&](Section& inner) { describe(inner, card); });
  }
  /// A mapping that may be absent altogether; returns whether it is there (and not null).
  bool optional_section(std::string_view key, const std::function<void(Section&)>& read);
  /// A list of mappings; `read` is called once for each with its index.
  void sections(std::string_view key, const std::function<void(Section&, std::size_t)>& read);
  /// Accepts the key without reading it and returns its tree, or nullptr. It is copied to the
  /// resolved card.
  const Tree* raw(std::string_view key);
  /// The same for a section that is read elsewhere: the card itself where its path is given, null
  /// when absent.
  Tree tree(std::string_view key);

  /// Puts these keys of the resolved card, read in whatever order, into this one: they share out
  /// the places that they have among the others.
  void arrange(std::initializer_list<std::string_view> order);

  [[nodiscard]] bool has(std::string_view key) const;
  /// Reports a missing key as a problem.
  void must_have(std::string_view key);
  /// Reports a problem with `key` (or with the section when empty): "<where>: <path.key>
  /// <message>".
  void problem(std::string_view key, const std::string& message);

 private:
  std::size_t choose(std::string_view key, const std::string& current,
                     const std::vector<std::string>& known);
  const Tree* take(std::string_view key);
  const Tree& opened(const Tree& tree, const std::string& path, Tree& loaded);
  void note(std::string_view key, Tree value);
  void count(std::string_view key, CardNumber number);
  [[nodiscard]] std::string source_of(std::string_view key) const;
  [[nodiscard]] std::string full(std::string_view key) const;
  template <std::integral Integer>
  void integer(std::string_view key, Integer& field, Range range);

  const Tree& tree_;
  std::string path_;
  CardReading& reading_;
  Tree& resolved_;
  const Section* outer_;
  std::vector<std::string> known_;
};

/// Reads a whole tree with `describe`. Throws `Error` with all problems, one a line. `resolved`
/// receives every value, defaults included.
Tree read_tree(const Tree& tree, const std::function<void(Section&)>& read);

/// Every number that `describe` reads of a tree, each path once, with the source that speaks of it.
/// Problems of the card are left to whoever reads it.
std::vector<CardNumber> card_numbers(const Tree& tree, const std::function<void(Section&)>& read);

/// `tree` with the cards that its sections name in their places, wherever `read` expects a section.
/// Its problems are left to whoever reads it.
Tree with_cards(Tree tree, const std::function<void(Section&)>& read);

template <class Card>
Card read_card(const Tree& tree, Tree* resolved = nullptr) {
  Card card;
  Tree all = read_tree(tree, [&](Section& section) { describe(section, card); });
  if (resolved != nullptr) *resolved = std::move(all);
  return card;
}

}  // namespace lightloom

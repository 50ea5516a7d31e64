#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lightloom {

/// A parsed card: scalars, lists and mappings in file order, each knowing where it came from.
struct Tree {
  enum class Kind { null, scalar, list, mapping };

  Kind kind = Kind::null;
  std::string scalar;                               // kind scalar: the text as written
  std::vector<Tree> items;                          // kind list
  std::vector<std::pair<std::string, Tree>> pairs;  // kind mapping
  std::string origin;                               // "card.yaml:12" or "--set key=value"

  [[nodiscard]] const Tree* find(std::string_view key) const;
  [[nodiscard]] Tree* find(std::string_view key);
  /// The entry `key` of a mapping, added as null when absent. A null tree becomes a mapping.
  Tree& at_or_add(std::string_view key);

  static Tree of(std::string text);
  static Tree of(double value);
  static Tree mapping();
  static Tree list();
};

/// Parses YAML text. Throws `Error` naming `origin` and the line. Refuses texts above 4 MiB and
/// above 10^6 values (aliases included), so that no card can exhaust the machine.
Tree parse_yaml(const std::string& text, const std::string& origin);

/// Reads and parses a YAML file.
Tree load_yaml(const std::string& path);

/// YAML text of a tree; parsing it gives the tree back.
std::string to_yaml(const Tree& tree);

/// Loads a card and applies `settings` ("key.path=value", the value in YAML) in order. A section
/// that is the path of another card, or a mapping with the key `card`, is replaced by that card
/// with the mapping's other keys on top. Paths are looked for from the working directory, then from
/// the card's folder and its parents.
Tree load_card(const std::string& path, const std::vector<std::string>& settings);

/// Applies one "key.path=value" to a tree that came from `path` (for looking up further cards).
void apply_setting(Tree& tree, const std::string& setting, const std::string& path);

/// Sets `key.path` to a value already parsed.
void set_at(Tree& tree, std::string_view key_path, Tree value, const std::string& path);

/// Finds a file named in a card: as it is, else in the folder of `beside` or one of its parents,
/// else below the installed share folder. Returns `name` itself when nothing is found.
std::string resolve_path(const std::string& name, const std::string& beside);

/// The shortest text that reads back as `value`.
std::string number_text(double value);

}  // namespace lightloom

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lightloom {

/// A file of a card, and the file that names it; nothing for the first.
struct CardFile {
  std::string path;
  std::shared_ptr<const CardFile> named_by;
};

struct TreeEntry;

/// A parsed card: scalars, lists and mappings in file order, each knowing where it came from.
struct Tree {
  enum class Kind { null, scalar, list, mapping };

  Kind kind = Kind::null;
  std::string scalar;                    // kind scalar: the text as written
  std::vector<Tree> items;               // kind list
  std::vector<TreeEntry> pairs;          // kind mapping
  std::string origin;                    // "card.yaml:12" or "--set key=value"
  std::shared_ptr<const CardFile> file;  // of a text that could name a card: where it stands

  [[nodiscard]] const Tree* find(std::string_view key) const;
  [[nodiscard]] Tree* find(std::string_view key);
  /// The entry `key` of a mapping, added as null when absent. A null tree becomes a mapping.
  Tree& at_or_add(std::string_view key);

  static Tree of(std::string text);
  static Tree of(double value);
  static Tree mapping();
  static Tree list();
};

/// An entry of a mapping. A struct of ours and no std::pair: clang asks for all of a pair's types
/// where a vector of it is named, and there a tree is not complete.
struct TreeEntry {
  std::string key;
  Tree value;
};

/// Parses YAML text. Throws `Error` naming `origin` and the line. Refuses what could exhaust the
/// machine: above 4 MiB, 200,000 values (aliases included) or 4096 keys of a mapping.
Tree parse_yaml(const std::string& text, const std::string& origin);

/// Reads and parses a YAML file.
Tree load_yaml(const std::string& path);

/// YAML text of a tree; parsing it gives the tree back.
std::string to_yaml(const Tree& tree);

/// Loads a card and applies `settings` ("key.path=value", the value in YAML) in order. Cards that
/// its sections name are loaded when they are read (see `section_of`).
Tree load_card(const std::string& path, const std::vector<std::string>& settings);

/// The mapping that `tree` is where a section is expected: the card whose path it is, or, with the
/// path of a card under the key `card`, that card with the mapping's other keys on top; else `tree`
/// itself. Only whoever reads a card knows where a section is expected: elsewhere a text that ends
/// in .yaml is a text. Paths are looked for from the working directory, then from the folder of the
/// card that names them and its parents. Throws `Error` for a card that is missing, or that
/// includes itself.
Tree section_of(Tree tree);
/// Whether `section_of` would load a card.
bool stands_for_card(const Tree& tree);

/// The value at `key.path`, or nullptr. Cards that sections on the way name are loaded in place.
Tree* find_at(Tree& tree, std::string_view key_path);

/// Applies one "key.path=value" to a tree that came from `path` (for looking up further cards).
void apply_setting(Tree& tree, const std::string& setting, const std::string& path);

/// Sets `key.path` to a value already parsed. Cards that sections on the way name are loaded in
/// place; cards that the value names are looked for beside `path`.
void set_at(Tree& tree, std::string_view key_path, Tree value, const std::string& path);

/// Finds a file named in a card: as it is, else in the folder of `beside` or one of its parents,
/// else below the installed share folder. Returns `name` itself when nothing is found.
std::string resolve_path(const std::string& name, const std::string& beside);

/// The shortest text that reads back as `value`.
std::string number_text(double value);

}  // namespace lightloom

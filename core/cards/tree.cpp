#include "core/cards/tree.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/cards/share_folder.hpp"
#include "core/cards/words.hpp"
#include "core/error.hpp"

namespace lightloom {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t most_bytes = std::size_t{4} << 20;
constexpr std::size_t most_values = 200'000;  // some 200 MB in yaml-cpp
constexpr std::size_t most_keys = 4096;       // of one mapping: they are looked for one by one
constexpr int deepest_nesting = 64;
constexpr int deepest_include = 8;

std::string place(const std::string& origin, const YAML::Mark& mark) {
  return mark.is_null() ? origin : fmt::format("{}:{}", origin, mark.line + 1);
}

/// A text of a card, which is written out again in results: YAML is Unicode.
const std::string& text_of(const YAML::Node& node, const std::string& origin) {
  require(
      is_utf8(node.Scalar()),
      "{}: a text that is not UTF-8 (save the card in UTF-8; a file under a name of other bytes "
      "needs another name)",
      place(origin, node.Mark()));
  return node.Scalar();
}

Tree convert(const YAML::Node& node, const std::string& origin, int depth, std::size_t& budget) {
  require(depth < deepest_nesting, "{}: nested more than {} levels deep (simplify the card)",
          place(origin, node.Mark()), deepest_nesting);
  require(budget-- > 0, "{}: more than {} values (aliases included; split the card)", origin,
          most_values);
  Tree tree;
  tree.origin = place(origin, node.Mark());
  if (node.IsScalar()) {
    tree.kind = Tree::Kind::scalar;
    tree.scalar = text_of(node, origin);
  } else if (node.IsSequence()) {
    tree.kind = Tree::Kind::list;
    for (const YAML::Node& item : node)
      tree.items.push_back(convert(item, origin, depth + 1, budget));
  } else if (node.IsMap()) {
    tree.kind = Tree::Kind::mapping;
    require(node.size() <= most_keys, "{}: a section of {} keys (at most {}; not a card?)",
            tree.origin, node.size(), most_keys);
    for (const auto& entry : node) {
      require(entry.first.IsScalar(), "{}: a key must be a plain word", tree.origin);
      const std::string& key = text_of(entry.first, origin);
      require(tree.find(key) == nullptr, "{}: key '{}' appears twice (keep one)",
              place(origin, entry.first.Mark()), key);
      tree.pairs.push_back({key, convert(entry.second, origin, depth + 1, budget)});
      tree.pairs.back().value.origin = place(origin, entry.first.Mark());
    }
  }
  return tree;
}

void emit(YAML::Emitter& out, const Tree& tree) {
  switch (tree.kind) {
    case Tree::Kind::null:
      out << YAML::Null;
      break;
    case Tree::Kind::scalar:
      out << tree.scalar;
      break;
    case Tree::Kind::list:
      out << YAML::Flow << YAML::BeginSeq;
      for (const Tree& item : tree.items) emit(out, item);
      out << YAML::EndSeq;
      break;
    case Tree::Kind::mapping:
      out << YAML::BeginMap;
      for (const auto& [key, value] : tree.pairs) {
        out << YAML::Key << key << YAML::Value;
        emit(out, value);
      }
      out << YAML::EndMap;
      break;
  }
}

bool names_card(const Tree& tree) {
  return tree.kind == Tree::Kind::scalar &&
         (tree.scalar.ends_with(".yaml") || tree.scalar.ends_with(".yml"));
}

/// Notes where texts stand that could name a card, if nobody has.
void note_file(Tree& tree, const std::shared_ptr<const CardFile>& file) {
  if (names_card(tree) && tree.file == nullptr) tree.file = file;
  for (Tree& item : tree.items) note_file(item, file);
  for (auto& [key, value] : tree.pairs) note_file(value, file);
}

Tree load_text(const std::string& path) {
  require(fs::exists(path), "card '{}' does not exist", path);
  require(!fs::is_directory(path), "card '{}' is a folder (name a .yaml file)", path);
  std::ifstream file(path, std::ios::binary);
  require(file.good(), "card '{}' cannot be read (check its permissions)", path);
  constexpr std::size_t part = std::size_t{1} << 14;
  std::string text;
  while (file.good() && text.size() <= most_bytes) {
    const std::size_t before = text.size();
    text.resize(before + part);
    file.read(text.data() + before, static_cast<std::streamsize>(part));
    text.resize(before + static_cast<std::size_t>(file.gcount()));
  }
  return parse_yaml(text, path);
}

/// Whether a card's own text or one that led to it names `path`.
void refuse_circle(const Tree& name, const std::string& path) {
  int depth = 0;
  for (const CardFile* file = name.file.get(); file != nullptr; file = file->named_by.get()) {
    std::error_code ignored;
    require(!fs::equivalent(file->path, path, ignored), "{}: card '{}' includes itself (a circle)",
            name.origin, path);
    require(++depth <= deepest_include, "{}: cards include one another more than {} levels deep",
            name.origin, deepest_include);
  }
}

Tree card_named(const Tree& name) {
  const std::string beside = name.file == nullptr ? "./command-line" : name.file->path;
  const std::string path = resolve_path(name.scalar, beside);
  require(fs::exists(path),
          "{}: card '{}' does not exist (looked from the working directory and beside '{}')",
          name.origin, name.scalar, beside);
  refuse_circle(name, path);
  Tree card = load_text(path);
  note_file(card, std::make_shared<const CardFile>(CardFile{path, name.file}));
  return card;
}

void open_section(Tree& tree) {
  if (stands_for_card(tree)) tree = section_of(std::move(tree));
}

}  // namespace

const Tree* Tree::find(std::string_view key) const {
  for (const auto& [name, value] : pairs)
    if (name == key) return &value;
  return nullptr;
}

Tree* Tree::find(std::string_view key) {
  return const_cast<Tree*>(static_cast<const Tree&>(*this).find(key));
}

Tree& Tree::at_or_add(std::string_view key) {
  if (kind == Kind::null) kind = Kind::mapping;
  require(kind == Kind::mapping, "{}: '{}' cannot be set below a value that is not a mapping",
          origin, key);
  if (Tree* found = find(key)) return *found;
  pairs.push_back({std::string(key), Tree{}});
  return pairs.back().value;
}

Tree Tree::of(std::string text) {
  Tree tree;
  tree.kind = Kind::scalar;
  tree.scalar = std::move(text);
  return tree;
}

Tree Tree::of(double value) { return of(number_text(value)); }

Tree Tree::mapping() {
  Tree tree;
  tree.kind = Kind::mapping;
  return tree;
}

Tree Tree::list() {
  Tree tree;
  tree.kind = Kind::list;
  return tree;
}

std::string number_text(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

namespace {

/// Seen before yaml-cpp makes a tree of a kilobyte of each: a value has a separator behind or
/// before it.
void require_few_values(const std::string& text, const std::string& origin) {
  const auto separators =
      std::count_if(text.begin(), text.end(), [](char c) { return c == ',' || c == '\n'; });
  require(static_cast<std::size_t>(separators) <= 2 * most_values,
          "{}: more than {} lines and commas (not a card?)", origin, 2 * most_values);
}

}  // namespace

Tree parse_yaml(const std::string& text, const std::string& origin) {
  require(text.size() <= most_bytes, "{}: larger than 4 MiB (not a card?)", origin);
  require_few_values(text, origin);
  require(text.find('\0') == std::string::npos, "{}: holds binary data (not a card?)", origin);
  try {
    std::size_t budget = most_values;
    return convert(YAML::Load(text), origin, 0, budget);
  } catch (const YAML::Exception& error) {
    throw Error(fmt::format("{}: not valid YAML ({})", place(origin, error.mark), error.msg));
  }
}

Tree load_yaml(const std::string& path) {
  Tree tree = load_text(path);
  note_file(tree, std::make_shared<const CardFile>(CardFile{path, nullptr}));
  return tree;
}

bool stands_for_card(const Tree& tree) {
  if (names_card(tree)) return true;
  const Tree* base = tree.find("card");
  return base != nullptr && names_card(*base);
}

namespace {

/// Puts `changes` over a card's section, key by key. A change that is a card itself, a list or a
/// single value takes the place of what was there.
void put_over(Tree& section, Tree&& changes) {
  for (auto& [key, value] : changes.pairs) {
    if (key == "card") continue;
    Tree& there = section.at_or_add(key);
    const bool deeper = value.kind == Tree::Kind::mapping && !stands_for_card(value);
    if (deeper) open_section(there);
    if (deeper && there.kind == Tree::Kind::mapping)
      put_over(there, std::move(value));
    else
      there = std::move(value);
  }
}

}  // namespace

Tree section_of(Tree tree) {
  if (names_card(tree)) return section_of(card_named(tree));
  if (!stands_for_card(tree)) return tree;
  Tree merged = section_of(card_named(*tree.find("card")));
  put_over(merged, std::move(tree));
  return merged;
}

std::string to_yaml(const Tree& tree) {
  YAML::Emitter out;
  emit(out, tree);
  return std::string(out.c_str()) + "\n";
}

std::string resolve_path(const std::string& name, const std::string& beside) {
  const fs::path wanted(name);
  std::error_code ignored;
  if (wanted.is_absolute() || fs::exists(wanted, ignored)) return name;
  for (fs::path folder = fs::absolute(beside, ignored).parent_path();;
       folder = folder.parent_path()) {
    if (fs::exists(folder / wanted, ignored)) return (folder / wanted).string();
    if (folder == folder.parent_path()) break;
  }
  const fs::path shared = fs::path(share_folder()) / wanted;
  return fs::exists(shared, ignored) ? shared.string() : name;
}

Tree* find_at(Tree& tree, std::string_view key_path) {
  Tree* at = &tree;
  for (;;) {
    open_section(*at);
    const auto dot = key_path.find('.');
    at = at->find(key_path.substr(0, dot));
    if (at == nullptr || dot == std::string_view::npos) return at;
    key_path.remove_prefix(dot + 1);
  }
}

namespace {

/// The file `name`, or the shipped card of that name where an installation keeps it.
std::string here_or_shipped(const std::string& name) {
  std::error_code ignored;
  if (fs::exists(name, ignored) || fs::path(name).is_absolute()) return name;
  const fs::path shipped = fs::path(share_folder()) / name;
  require(fs::exists(shipped, ignored),
          "card '{}' does not exist, neither here nor among the shipped cards (which were looked "
          "for in {})",
          name, share_folder());
  return shipped.string();
}

}  // namespace

void set_at(Tree& tree, std::string_view key_path, Tree value, const std::string& path) {
  Tree* at = &tree;
  for (;;) {
    open_section(*at);
    const auto dot = key_path.find('.');
    at = &at->at_or_add(key_path.substr(0, dot));
    if (dot == std::string_view::npos) break;
    key_path.remove_prefix(dot + 1);
  }
  note_file(value, std::make_shared<const CardFile>(CardFile{path, nullptr}));
  *at = std::move(value);
}

void apply_setting(Tree& tree, const std::string& setting, const std::string& path) {
  const auto equals = setting.find('=');
  require(equals != std::string::npos && equals > 0,
          "--set {}: expected key.path=value, for example --set train.epochs=3", setting);
  const std::string key = setting.substr(0, equals);
  require(key.front() != '.' && key.back() != '.' && key.find("..") == std::string::npos,
          "--set {}: a key path is words joined by single dots", setting);
  set_at(tree, key, parse_yaml(setting.substr(equals + 1), "--set " + setting), path);
}

Tree load_card(const std::string& name, const std::vector<std::string>& settings) {
  const std::string path = here_or_shipped(name);
  Tree tree = section_of(load_yaml(path));
  require(tree.kind == Tree::Kind::mapping, "{}: a card is a mapping of keys to values", path);
  for (const std::string& setting : settings) apply_setting(tree, setting, path);
  return tree;
}

}  // namespace lightloom

#include "core/cards/card.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

#include "core/cards/card_error.hpp"
#include "core/cards/words.hpp"
#include "core/error.hpp"

namespace lightloom {
namespace {

std::optional<double> parse_number(const std::string& text) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (begin != end && *begin == '+') ++begin;
  if (text == ".inf" || text == "inf") return std::numeric_limits<double>::infinity();
  double value = 0;
  const auto [stop, problem] = std::from_chars(begin, end, value);
  if (problem != std::errc{} || stop != end || std::isnan(value)) return std::nullopt;
  return value;
}

std::string shown(const Tree& tree) {
  switch (tree.kind) {
    case Tree::Kind::null:
      return "nothing";
    case Tree::Kind::scalar:
      return "'" + tree.scalar + "'";
    case Tree::Kind::list:
      return "a list";
    case Tree::Kind::mapping:
      return "a mapping";
  }
  return "";
}

std::string shown(Range range) {
  const bool low = std::isfinite(range.low), high = std::isfinite(range.high);
  if (low && high)
    return fmt::format("{} {} to {}", range.open_low ? "above" : "from", range.low, range.high);
  if (low) return fmt::format("{} {}", range.open_low ? "above" : "at least", range.low);
  if (high) return fmt::format("at most {}", range.high);
  return "any number";
}

bool inside(double value, Range range) {
  return (range.open_low ? value > range.low : value >= range.low) && value <= range.high;
}

/// One value stands for a list of it; an empty text is none.
bool is_list(const Tree& tree) {
  return tree.kind == Tree::Kind::list || (tree.kind == Tree::Kind::scalar && !tree.scalar.empty());
}
std::span<const Tree> items_of(const Tree& tree) {
  if (tree.kind == Tree::Kind::scalar) return {&tree, 1};
  return tree.items;
}

}  // namespace

Section::Section(const Tree& tree, CardPlace place, CardReading& reading, Tree& resolved)
    : tree_(tree),
      path_(std::move(place.path)),
      reading_(reading),
      resolved_(resolved),
      outer_(place.outer) {
  resolved_.kind = Tree::Kind::mapping;
  if (tree_.kind != Tree::Kind::mapping && tree_.kind != Tree::Kind::null)
    problem("", fmt::format("must be a mapping of keys to values, not {}", shown(tree_)));
  raw("source");
}

Section::~Section() {
  for (const auto& [key, value] : tree_.pairs) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const std::string near = nearest_word(key, known_);
    std::string known;
    for (const std::string& name : known_)
      if (name != "source") known += (known.empty() ? "" : ", ") + name;
    problem(key, near.empty() ? fmt::format("is not a known key (known here: {})", known)
                              : fmt::format("is not a known key (did you mean '{}'?)", near));
  }
}

std::string Section::full(std::string_view key) const {
  if (path_.empty()) return std::string(key);
  return key.empty() ? path_ : fmt::format("{}.{}", path_, key);
}

void Section::problem(std::string_view key, const std::string& message) {
  const Tree* at = key.empty() ? nullptr : tree_.find(key);
  const std::string& origin = at != nullptr && !at->origin.empty() ? at->origin : tree_.origin;
  std::string text = origin.empty() ? "" : origin + ": ";
  const std::string name = full(key);
  text += (name.empty() ? std::string("the card") : "'" + name + "'") + " " + message;
  reading_.problems.push_back(std::move(text));
}

const Tree* Section::take(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  const Tree* found = tree_.find(key);
  return found != nullptr && found->kind == Tree::Kind::null ? nullptr : found;
}

void Section::note(std::string_view key, Tree value) {
  resolved_.at_or_add(key) = std::move(value);
}

bool Section::has(std::string_view key) const {
  const Tree* found = tree_.find(key);
  return found != nullptr && found->kind != Tree::Kind::null;
}

void Section::must_have(std::string_view key) {
  if (!has(key)) problem("", fmt::format("needs the key '{}'", key));
}

const Tree* Section::raw(std::string_view key) {
  const Tree* found = take(key);
  if (found != nullptr) note(key, *found);
  return found;
}

Tree Section::tree(std::string_view key) {
  const Tree* found = take(key);
  if (found == nullptr) return {};
  Tree loaded;
  loaded = opened(*found, full(key), loaded);
  note(key, loaded);
  return loaded;
}

/// The section that a tree is: itself, or the card that it names, loaded into `loaded`; an empty
/// one, and a problem, when there is no such card.
const Tree& Section::opened(const Tree& tree, const std::string& path, Tree& loaded) {
  if (!stands_for_card(tree)) return tree;
  try {
    loaded = section_of(tree);
    reading_.cards.emplace_back(path, loaded);
  } catch (const Error& error) {
    reading_.problems.emplace_back(error.what());
  }
  return loaded;
}

void Section::value(std::string_view key, double& field, Range range) {
  if (const Tree* found = take(key)) {
    const auto number =
        found->kind == Tree::Kind::scalar ? parse_number(found->scalar) : std::nullopt;
    if (!number)
      problem(key, fmt::format("must be a number, not {}", shown(*found)));
    else if (!inside(*number, range))
      problem(key, fmt::format("is {} but must be {}", found->scalar, shown(range)));
    else
      field = *number;
  }
  note(key, Tree::of(field));
  count(key, {.kind = CardNumber::Kind::real, .value = field, .range = range});
}

template <std::integral Integer>
void Section::integer(std::string_view key, Integer& field, Range range) {
  if (const Tree* found = take(key)) {
    Integer number = 0;
    const std::string& text = found->scalar;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (found->kind != Tree::Kind::scalar || text.empty() || error != std::errc{} ||
        stop != text.data() + text.size())
      problem(
          key,
          fmt::format("must be a whole number{}, not {}",
                      error == std::errc::result_out_of_range ? " of a size this key can hold" : "",
                      shown(*found)));
    else if (!inside(static_cast<double>(number), range))
      problem(key, fmt::format("is {} but must be {}", number, shown(range)));
    else
      field = number;
  }
  note(key, Tree::of(fmt::format("{}", field)));
  count(key,
        {.kind = CardNumber::Kind::whole, .value = static_cast<double>(field), .range = range});
}

void Section::value(std::string_view key, int& field, Range range) { integer(key, field, range); }
void Section::value(std::string_view key, std::int64_t& field, Range range) {
  integer(key, field, range);
}
void Section::value(std::string_view key, std::uint64_t& field) { integer(key, field, any_number); }

void Section::value(std::string_view key, bool& field) {
  if (const Tree* found = take(key)) {
    const std::string& text = found->scalar;
    const bool yes = text == "true" || text == "yes" || text == "on";
    const bool no = text == "false" || text == "no" || text == "off";
    if (found->kind != Tree::Kind::scalar || yes == no)
      problem(key, fmt::format("must be true or false, not {}", shown(*found)));
    else
      field = yes;
  }
  note(key, Tree::of(std::string(field ? "true" : "false")));
}

void Section::value(std::string_view key, std::string& field) {
  if (const Tree* found = take(key)) {
    if (found->kind != Tree::Kind::scalar)
      problem(key, fmt::format("must be a text, not {}", shown(*found)));
    else
      field = found->scalar;
  }
  note(key, Tree::of(field));
}

void Section::value(std::string_view key, std::vector<double>& field, Range range) {
  Tree resolved = Tree::list();
  if (const Tree* found = take(key)) {
    std::vector<double> numbers;
    bool good = is_list(*found);
    for (const Tree& item : items_of(*found)) {
      const auto number =
          item.kind == Tree::Kind::scalar ? parse_number(item.scalar) : std::nullopt;
      good = good && number && inside(*number, range);
      numbers.push_back(number.value_or(0));
    }
    if (good)
      field = std::move(numbers);
    else
      problem(key, fmt::format("must be a list of numbers, each {}", shown(range)));
  }
  for (const double number : field) resolved.items.push_back(Tree::of(number));
  note(key, std::move(resolved));
  count(key, {.kind = CardNumber::Kind::list, .range = range});
}

void Section::value(std::string_view key, std::vector<int>& field, Range range) {
  std::vector<double> numbers(field.begin(), field.end());
  value(key, numbers, range);
  const bool whole = std::all_of(numbers.begin(), numbers.end(), [](double number) {
    return number == std::trunc(number) && std::abs(number) < 2147483648.0;
  });
  if (whole)
    field.assign(numbers.begin(), numbers.end());
  else
    problem(key, "must be a list of whole numbers");
}

void Section::value(std::string_view key, std::vector<std::string>& field) {
  Tree resolved = Tree::list();
  if (const Tree* found = take(key)) {
    std::vector<std::string> texts;
    bool good = is_list(*found);
    for (const Tree& item : items_of(*found)) {
      good = good && item.kind == Tree::Kind::scalar;
      texts.push_back(item.scalar);
    }
    if (good)
      field = std::move(texts);
    else
      problem(key, fmt::format("must be a list of texts, not {}", shown(*found)));
  }
  for (const std::string& text : field) resolved.items.push_back(Tree::of(text));
  note(key, std::move(resolved));
}

std::size_t Section::choose(std::string_view key, const std::string& current,
                            const std::vector<std::string>& known) {
  std::string text = current;
  if (const Tree* found = take(key)) {
    text = found->scalar;
    if (std::find(known.begin(), known.end(), text) == known.end()) {
      std::string all;
      for (const std::string& name : known) all += (all.empty() ? "" : ", ") + name;
      const std::string near = nearest_word(text, known);
      problem(key, fmt::format("is {} but must be one of {}{}", shown(*found), all,
                               near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near)));
      text = current;
    }
  }
  note(key, Tree::of(text));
  return static_cast<std::size_t>(std::find(known.begin(), known.end(), text) - known.begin());
}

void Section::choice(std::string_view key, std::string& field,
                     const std::vector<std::string>& names) {
  const std::size_t index = choose(key, field, names);
  if (index < names.size()) field = names[index];
}

void Section::settle(std::string_view key, std::string_view name) {
  note(key, Tree::of(std::string(name)));
}

void Section::arrange(std::initializer_list<std::string_view> order) {
  std::vector<std::size_t> places;
  std::vector<TreeEntry> sorted;
  for (std::size_t i = 0; i < resolved_.pairs.size(); ++i)
    if (std::find(order.begin(), order.end(), resolved_.pairs[i].key) != order.end())
      places.push_back(i);
  for (const std::string_view key : order)
    for (const std::size_t place : places)
      if (resolved_.pairs[place].key == key) sorted.push_back(resolved_.pairs[place]);
  for (std::size_t i = 0; i < places.size(); ++i) resolved_.pairs[places[i]] = std::move(sorted[i]);
}

void Section::section(std::string_view key, const std::function<void(Section&)>& read) {
  const Tree* found = take(key);
  Tree resolved = Tree::mapping(), loaded;
  {
    const Tree& tree = found == nullptr ? loaded : opened(*found, full(key), loaded);
    Section inner(tree, {full(key), this}, reading_, resolved);
    read(inner);
  }
  note(key, std::move(resolved));
}

bool Section::optional_section(std::string_view key, const std::function<void(Section&)>& read) {
  if (take(key) == nullptr) return false;
  section(key, read);
  return true;
}

void Section::sections(std::string_view key,
                       const std::function<void(Section&, std::size_t)>& read) {
  const Tree* found = take(key);
  Tree resolved = Tree::list(), loaded;
  const Tree& list = found == nullptr ? loaded : opened(*found, full(key), loaded);
  if (found != nullptr && list.kind != Tree::Kind::list)
    problem(key, fmt::format("must be a list of mappings, not {}", shown(*found)));
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", full(key), i);
    Tree one = Tree::mapping(), card;
    {
      Section inner(opened(list.items[i], path, card), {path, this}, reading_, one);
      read(inner, i);
    }
    resolved.items.push_back(std::move(one));
  }
  note(key, std::move(resolved));
}

namespace {

/// The place of a section's path, "a.b[2].c", or nullptr.
Tree* place_of(Tree& tree, std::string_view path) {
  Tree* at = &tree;
  while (at != nullptr && !path.empty()) {
    const std::string_view word = path.substr(0, path.find_first_of(".["));
    if (!word.empty()) {
      at = at->find(word);
      path.remove_prefix(word.size());
    } else if (path.front() == '.') {
      path.remove_prefix(1);
    } else {
      std::size_t index = 0;
      const std::size_t close = path.find(']');
      std::from_chars(path.data() + 1, path.data() + close, index);
      at = index < at->items.size() ? &at->items[index] : nullptr;
      path.remove_prefix(close + 1);
    }
  }
  return at;
}

}  // namespace

Tree read_tree(const Tree& tree, const std::function<void(Section&)>& read) {
  CardReading reading;
  Tree resolved = Tree::mapping();
  {
    const Tree whole = section_of(tree);
    Section section(whole, {}, reading, resolved);
    read(section);
  }
  if (!reading.problems.empty()) {
    const std::string message = fmt::format("{}", fmt::join(reading.problems, "\n"));
    throw CardError(message, std::move(reading.problems));
  }
  return resolved;
}

Tree with_cards(Tree tree, const std::function<void(Section&)>& read) {
  tree = section_of(std::move(tree));
  CardReading reading;
  Tree resolved = Tree::mapping();
  {
    Section section(tree, {}, reading, resolved);
    read(section);
  }
  for (auto& [path, card] : reading.cards)  // a card before those that it names
    if (Tree* place = place_of(tree, path)) *place = std::move(card);
  return tree;
}

}  // namespace lightloom

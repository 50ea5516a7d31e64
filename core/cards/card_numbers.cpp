// Which numbers a card has, and which source speaks of each.
#include <algorithm>
#include <array>
#include <set>

#include "core/cards/card.hpp"
#include "core/letters.hpp"

namespace lightloom {
namespace {

constexpr std::array marks{"[from memory", "assum", "choice", "ideali"};

/// The file of an origin "card.yaml:12".
std::string_view file_of(std::string_view origin) {
  const std::size_t colon = origin.rfind(':');
  const bool numbered = colon != std::string_view::npos && colon + 1 < origin.size() &&
                        origin.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
  return numbered ? origin.substr(0, colon) : origin;
}

/// The last key of "a.b[2]".
std::string_view last_key(std::string_view path) {
  if (const auto dot = path.rfind('.'); dot != std::string_view::npos) path.remove_prefix(dot + 1);
  return path.substr(0, path.find('['));
}

}  // namespace

Provenance provenance_of(std::string_view source) {
  if (source.empty()) return Provenance::unsourced;
  const std::string lower = small_letters(source);
  const bool marked = std::any_of(marks.begin(), marks.end(), [&](const char* mark) {
    return lower.find(mark) != std::string::npos;
  });
  return marked ? Provenance::assumed : Provenance::published;
}

const char* provenance_name(Provenance provenance) {
  switch (provenance) {
    case Provenance::published:
      return "published";
    case Provenance::assumed:
      return "assumed";
    case Provenance::unsourced:
      return "no source";
  }
  return "";
}

/// The nearest text that speaks of `key`. One that names it, or a section that it is in, wins over
/// one that is of a whole section; a number that the card leaves out has only what names it itself.
std::string Section::source_of(std::string_view key) const {
  const Tree* value = tree_.find(key);
  const bool given = value != nullptr && value->kind != Tree::Kind::null;
  for (const Section* section = this; section != nullptr; section = section->outer_) {
    const Tree* source = section->tree_.find("source");
    const Tree* text = source == nullptr                     ? nullptr
                       : source->kind == Tree::Kind::mapping ? source->find(key)
                                                             : source;
    if (text != nullptr && text->kind == Tree::Kind::scalar) {
      const bool named = text != source;
      if (given ? file_of(text->origin) == file_of(value->origin) : named && section == this)
        return text->scalar;
    }
    key = last_key(section->path_);
  }
  return "";
}

void Section::count(std::string_view key, CardNumber number) {
  number.path = full(key);
  number.source = source_of(key);
  reading_.numbers.push_back(std::move(number));
}

void Section::default_from(std::string_view key, const std::string& source) {
  if (has(key) || reading_.numbers.empty()) return;
  CardNumber& number = reading_.numbers.back();
  if (number.path != full(key) || !number.source.empty()) return;
  number.source = source;
  if (resolved_.find("source") == nullptr)  // first, as of a section that has one
    resolved_.pairs.insert(resolved_.pairs.begin(), TreeEntry{"source", Tree::mapping()});
  Tree& noted = *resolved_.find("source");
  if (noted.kind != Tree::Kind::scalar) noted.at_or_add(key) = Tree::of(source);
}

std::vector<CardNumber> card_numbers(const Tree& tree, const std::function<void(Section&)>& read) {
  CardReading reading;
  Tree resolved = Tree::mapping();
  {
    const Tree whole = section_of(tree);
    Section section(whole, {}, reading, resolved);
    read(section);
  }
  std::set<std::string> seen;
  std::erase_if(reading.numbers,
                [&](const CardNumber& number) { return !seen.insert(number.path).second; });
  return reading.numbers;
}

}  // namespace lightloom

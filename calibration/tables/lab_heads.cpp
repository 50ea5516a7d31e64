#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "calibration/tables/lab_units.hpp"
#include "core/error.hpp"
#include "core/letters.hpp"

namespace lightloom::calibration {
namespace {

/// What a word of a column's name says that it measures.
struct Telling {
  std::string_view word;
  Quantity quantity;
};

/// Words by themselves.
constexpr std::array<Telling, 19> symbols{{{"U", Quantity::voltage},
                                           {"u", Quantity::voltage},
                                           {"V", Quantity::voltage},
                                           {"v", Quantity::voltage},
                                           {"I", Quantity::current},
                                           {"i", Quantity::current},
                                           {"pd", Quantity::current},
                                           {"PD", Quantity::current},
                                           {"P", Quantity::power},
                                           {"p", Quantity::power},
                                           {"wl", Quantity::length},
                                           {"WL", Quantity::length},
                                           {"\xCE\xBB", Quantity::length},  // lambda in UTF-8
                                           {"f", Quantity::frequency},
                                           {"nu", Quantity::frequency},
                                           {"t", Quantity::time},
                                           {"T", Quantity::none},  // temperature, transmission
                                           {"E", Quantity::energy},
                                           {"e", Quantity::energy}}};

/// Parts of words, in the languages of laboratories that we know of.
constexpr std::array<Telling, 51> parts{{{"temper", Quantity::none},
                                         {"wavenumber", Quantity::frequency},
                                         {"wellenzahl", Quantity::frequency},
                                         {"photon energ", Quantity::energy},
                                         {"volt", Quantity::voltage},
                                         {"spann", Quantity::voltage},
                                         {"tensi", Quantity::voltage},
                                         {"bias", Quantity::voltage},
                                         {"curr", Quantity::current},
                                         {"strom", Quantity::current},
                                         {"stroom", Quantity::current},
                                         {"courant", Quantity::current},
                                         {"corrente", Quantity::current},
                                         {"corriente", Quantity::current},
                                         {"photo", Quantity::current},
                                         {"diode", Quantity::current},
                                         {"power", Quantity::power},
                                         {"leist", Quantity::power},
                                         {"puiss", Quantity::power},
                                         {"potenz", Quantity::power},
                                         {"potenci", Quantity::power},
                                         {"vermog", Quantity::power},
                                         {"transmi", Quantity::power},
                                         {"intens", Quantity::power},
                                         {"signal", Quantity::power},
                                         {"light", Quantity::power},
                                         {"wave", Quantity::length},
                                         {"wellen", Quantity::length},
                                         {"lambda", Quantity::length},
                                         {"longueur", Quantity::length},
                                         {"lunghezza", Quantity::length},
                                         {"longitud", Quantity::length},
                                         {"golflengte", Quantity::length},
                                         {"freq", Quantity::frequency},
                                         {"time", Quantity::time},
                                         {"zeit", Quantity::time},
                                         {"temps", Quantity::time},
                                         {"tiempo", Quantity::time},
                                         {"tempo", Quantity::time},
                                         {"tijd", Quantity::time},
                                         {"elapsed", Quantity::time},
                                         {"durat", Quantity::time},
                                         {"dauer", Quantity::time},
                                         {"delay", Quantity::time},
                                         {"lag", Quantity::time},
                                         {"energ", Quantity::energy},
                                         {"phase", Quantity::angle},
                                         {"angle", Quantity::angle},
                                         {"winkel", Quantity::angle},
                                         {"theta", Quantity::angle},
                                         {"phi", Quantity::angle}}};

/// Words that number things: a letter behind them is which.
constexpr std::array<std::string_view, 8> counted{"channel", "ch",  "kanal",        "canal",
                                                  "port",    "pol", "polarization", "mode"};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  constexpr std::string_view between = "_ :,/()[]{}.-";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t from = text.find_first_not_of(between, at);
    if (from == std::string_view::npos) break;
    const std::size_t to = std::min(text.find_first_of(between, from), text.size());
    words.push_back(text.substr(from, to - from));
    at = to;
  }
  return words;
}

std::optional<Quantity> told_by(std::string_view word) {
  for (const Telling& one : symbols)
    if (one.word == word) return one.quantity;
  const std::string small = small_letters(word);
  for (const Telling& one : parts)
    if (small.find(one.word) != std::string::npos) return one.quantity;
  return std::nullopt;
}

/// What a name measures, by the last of its words that says so.
std::optional<Quantity> measured_by(std::string_view name) {
  std::optional<Quantity> measured;
  for (const std::string_view word : words_of(name))
    if (const auto told = told_by(word)) measured = told;
  return measured;
}

/// Light is read as power, photocurrent or a detector's voltage.
bool is_reading(Quantity quantity) {
  return quantity == Quantity::power || quantity == Quantity::decibel ||
         quantity == Quantity::current || quantity == Quantity::voltage;
}

bool ends_in_number(std::string_view name) {
  const auto words = words_of(name);
  return !words.empty() && std::all_of(words.back().begin(), words.back().end(),
                                       [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool numbers_things(std::string_view name) {
  const auto words = words_of(name);
  return !words.empty() &&
         std::find(counted.begin(), counted.end(), small_letters(words.back())) != counted.end();
}

/// Words that are units only of what they measure: "phase_pi", not "V_pi"; "t_day", not "chip_day".
bool needs_its_quantity(std::string_view symbol) {
  static constexpr std::array<std::string_view, 14> words{
      "min",    "pi",   "turns",  "cycles",  "day",     "days",     "second",
      "minute", "hour", "degree", "degrees", "radians", "\xC2\xB0", "d"};
  return std::find(words.begin(), words.end(), small_letters(symbol)) != words.end();
}

/// Whether the word behind a name is its unit and no part of the name.
bool is_unit_of(std::string_view name, std::string_view symbol) {
  const auto unit = lab_unit(symbol);
  if (!unit || symbol == "1" || ends_in_number(name)) return false;
  const auto measured = measured_by(name);
  const bool same = measured && *measured == unit->quantity;
  if (symbol == "V" || symbol == "W" || symbol == "J") {
    if (numbers_things(name)) return false;
  } else if ((symbol.size() == 1 && symbol != "%") || needs_its_quantity(symbol)) {
    return same;
  }
  return !measured || same || unit->quantity == Quantity::none ||
         (is_reading(*measured) && is_reading(unit->quantity));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// A unit and what stands in front of it.
struct Cut {
  std::string_view name, unit;
};

Cut cut_bracket(std::string_view text) {
  for (const auto& [open, close] :
       {std::pair{'[', ']'}, std::pair{'(', ')'}, std::pair{'{', '}'}}) {
    const std::size_t from = text.rfind(open);
    if (from == std::string_view::npos) continue;
    const std::size_t to = std::min(text.find(close, from), text.size());
    const std::string_view unit = trimmed(text.substr(from + 1, to - from - 1));
    if (lab_unit(unit)) return {trimmed(text.substr(0, from)), unit};
  }
  return {text, {}};
}

Cut cut_suffix(std::string_view text) {
  const std::size_t last = text.find_last_of("_ /:,");
  if (last == std::string_view::npos || last == 0) return {text, {}};
  const std::string_view name = trimmed(text.substr(0, last)), unit = text.substr(last + 1);
  const bool stroke = text[last] == '/' || (!name.empty() && name.back() == '/');
  const bool counts = stroke ? lab_unit(unit).has_value() : is_unit_of(name, unit);
  return counts ? Cut{name, unit} : Cut{text, {}};
}

Cut cut_unit(std::string_view text) {
  const Cut bracket = cut_bracket(text);
  return bracket.unit.empty() ? cut_suffix(text) : bracket;
}

/// The V of "I_V_mA": a letter behind a name that measures something else.
bool is_initial(const Cut& cut) {
  const auto measured = measured_by(cut.name);
  return cut.unit.size() == 1 && measured && *measured != lab_unit(cut.unit)->quantity;
}

}  // namespace

ColumnHead column_head(std::string_view text) {
  const Cut head = cut_unit(trimmed(text));
  ColumnHead found{.name = std::string(text), .unit = std::string(head.unit)};
  if (head.unit.empty()) {  // a column called by its unit of time
    const auto unit = text.size() > 2 ? lab_unit(text) : std::nullopt;
    if (unit && unit->quantity == Quantity::time) found.unit = std::string(trimmed(text));
    return found;
  }
  if (lab_unit(head.unit)->quantity == Quantity::angle &&
      measured_by(head.name) == Quantity::none) {  // "Temperature (degrees)"
    found.unit.clear();
    return found;
  }
  const Cut before = cut_unit(head.name);
  require(before.unit.empty() || is_initial(before) || same_unit(before.unit, head.unit),
          "the header '{}' names two units, {} and {} (which are the numbers in? leave one)", text,
          before.unit, head.unit);
  return found;
}

std::vector<ColumnHead> column_heads(const std::vector<std::string>& texts) {
  std::vector<ColumnHead> heads;
  for (const std::string& text : texts) heads.push_back(column_head(text));
  const auto letter_behind = [](const std::string& text) {
    return text.size() > 2 && std::isalpha(static_cast<unsigned char>(text.back())) != 0 &&
           (text[text.size() - 2] == '_' || text[text.size() - 2] == ' ');
  };
  for (ColumnHead& head : heads) {
    if (head.unit.size() != 1 || !letter_behind(head.name)) continue;
    const std::string_view stem = std::string_view(head.name).substr(0, head.name.size() - 1);
    const auto tells_apart = [&](const std::string& other) {
      return other != head.name && letter_behind(other) && other.size() == head.name.size() &&
             other.starts_with(stem) && !is_unit_of(stem, other.substr(stem.size()));
    };
    if (std::any_of(texts.begin(), texts.end(), tells_apart)) head.unit.clear();
  }
  return heads;
}

}  // namespace lightloom::calibration

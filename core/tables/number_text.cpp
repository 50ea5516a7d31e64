#include "core/tables/number_text.hpp"

#include <cctype>
#include <charconv>
#include <string>

namespace lightloom {
namespace {

constexpr std::string_view times = "\xC3\x97";  // the sign of multiplication, in UTF-8

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

/// Reads from the front of a text.
class Scanner {
 public:
  Scanner(std::string_view text, const NumberStyle& style) : text_(text), style_(style) {}

  [[nodiscard]] bool done() const { return text_.empty(); }
  [[nodiscard]] char next() const { return text_.empty() ? '\0' : text_.front(); }
  void blanks() {
    while (next() == ' ' || next() == '\t') text_.remove_prefix(1);
  }
  bool take(char letter) {
    if (next() != letter || text_.empty()) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  /// +1 or -1 for a sign in front, 0 for none.
  int sign() {
    if (take('+')) return 1;
    return take('-') ? -1 : 0;
  }
  /// A number without a sign in front.
  std::optional<double> magnitude();
  /// i, j, I, J or im, as the whole of a word.
  bool unit() {
    const Scanner before = *this;
    const bool found = take("im") || take('i') || take('j') || take('I') || take('J');
    if (found && (done() || !std::isalnum(static_cast<unsigned char>(next())))) return true;
    *this = before;
    return false;
  }

 private:
  std::string digits() {
    std::string found;
    while (is_digit(next())) {
      found += next();
      text_.remove_prefix(1);
    }
    return found;
  }
  std::optional<std::string> whole_part();
  /// How many digits are right, as Mathematica says it: 0.6`, 0.6`15.95, 0.6``20.
  void skip_precision() {
    if (!take('`')) return;
    take('`');
    digits();
    if (take('.')) digits();
  }
  bool exponent(std::string& number);

  std::string_view text_;
  NumberStyle style_;
};

/// Digits before the decimal mark; with groups, the first of one to three digits, no zero in front.
std::optional<std::string> Scanner::whole_part() {
  std::string found = digits();
  if (style_.group == 0 || next() != style_.group) return found;
  if (found.empty() || found.size() > 3 || found.front() == '0') return std::nullopt;
  while (take(style_.group)) {
    const std::string group = digits();
    if (group.size() != 3) return std::nullopt;
    found += group;
  }
  return found;
}

/// Puts an exponent, if there is one, behind `number` as C writes it; false where it is cut off.
bool Scanner::exponent(std::string& number) {
  Scanner at = *this;
  const char letter = next();
  const bool lettered =
      letter != '\0' && std::string_view("eEdDqQ").find(letter) != std::string_view::npos;
  if (lettered)
    at.text_.remove_prefix(1);
  else if (!at.take("*^") && !at.take("*10^") && !at.take(std::string(times) + "10^"))
    return true;
  const int sign = at.sign();
  const std::string power = at.digits();
  if (power.empty()) return false;
  number += (sign < 0 ? "e-" : "e") + power;
  *this = at;
  return true;
}

std::optional<double> Scanner::magnitude() {
  const auto whole = whole_part();
  if (!whole) return std::nullopt;
  std::string number = whole->empty() ? "0" : *whole, fraction;
  if (next() == style_.decimal) {
    const Scanner before = *this;
    take(style_.decimal);
    fraction = digits();
    // `1.` is a number; `1,` is one and a comma.
    if (fraction.empty() && (style_.decimal == ',' || whole->empty())) *this = before;
  }
  if (whole->empty() && fraction.empty()) return std::nullopt;
  number += "." + (fraction.empty() ? "0" : fraction);
  skip_precision();
  if (!exponent(number)) return std::nullopt;
  double value = 0;
  const auto [stop, problem] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (problem == std::errc::result_out_of_range && number.find("e-") != std::string::npos)
    return 0.0;
  if (problem != std::errc{} || stop != number.data() + number.size()) return std::nullopt;
  return value;
}

/// One part of a complex number, without its sign.
struct Part {
  double value = 0;
  bool imaginary = false;
};

std::optional<Part> part(Scanner& text) {
  Scanner prefixed = text;
  if (prefixed.take('i') || prefixed.take('j') || prefixed.take('I')) {
    prefixed.take('*');
    if (const auto value = prefixed.magnitude()) {
      text = prefixed;
      return Part{*value, true};
    }
  }
  if (text.unit()) return Part{1, true};
  const auto value = text.magnitude();
  if (!value) return std::nullopt;
  Scanner behind = text;
  behind.blanks();
  const bool product = behind.take('*');
  behind.blanks();
  if (behind.unit()) {
    text = behind;
    return Part{*value, true};
  }
  return product ? std::nullopt : std::optional(Part{*value, false});
}

std::optional<std::complex<double>> sum_of_parts(Scanner text, bool& imaginary) {
  text.blanks();
  const int sign = text.sign();
  const auto first = part(text);
  if (!first) return std::nullopt;
  imaginary = first->imaginary;
  double real = 0, other = 0;
  (first->imaginary ? other : real) = sign < 0 ? -first->value : first->value;
  text.blanks();
  if (!text.done()) {
    const int joint = text.sign();
    text.blanks();
    const int own = joint > 0 && text.next() == '-' ? text.sign() : 1;  // NumPy once wrote `+-`
    const auto second = joint == 0 ? std::nullopt : part(text);
    text.blanks();
    if (!second || second->imaginary == first->imaginary || !text.done()) return std::nullopt;
    (second->imaginary ? other : real) = joint * own < 0 ? -second->value : second->value;
    imaginary = true;
  }
  return std::complex<double>(real, other);
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") + 1 - from);
}

/// What stands in the brackets of the whole text, after `word` in front of them.
std::optional<std::string_view> inside(std::string_view text, std::string_view word,
                                       std::string_view brackets) {
  if (!text.starts_with(word)) return std::nullopt;
  text = without_blanks(text.substr(word.size()));
  if (text.size() < 3 || text.front() != brackets[0] || text.back() != brackets[1])
    return std::nullopt;
  return without_blanks(text.substr(1, text.size() - 2));
}

}  // namespace

std::optional<double> real_number(std::string_view text, const NumberStyle& style) {
  Scanner at(without_blanks(text), style);
  const int sign = at.sign();
  const auto value = at.magnitude();
  if (!value || !at.done()) return std::nullopt;
  return sign < 0 ? -*value : *value;
}

std::optional<std::complex<double>> complex_number(std::string_view text,
                                                   const NumberStyle& style) {
  text = without_blanks(text);
  bool imaginary = false;
  std::optional<std::string_view> held = inside(text, "", "()");
  if (!held) held = inside(text, "complex", "()");
  if (!held) held = inside(text, "Complex", "[]");
  if (!held) return sum_of_parts({text, style}, imaginary);
  const std::size_t comma = held->find(style.decimal == ',' ? ';' : ',');
  if (comma == std::string_view::npos) {
    const auto value = sum_of_parts({*held, style}, imaginary);
    return imaginary ? value : std::nullopt;
  }
  const auto real = real_number(held->substr(0, comma), style),
             other = real_number(held->substr(comma + 1), style);
  if (!real || !other) return std::nullopt;
  return std::complex<double>(*real, *other);
}

}  // namespace lightloom

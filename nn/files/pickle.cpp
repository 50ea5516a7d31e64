#include "nn/files/pickle.hpp"

#include <bit>
#include <charconv>
#include <cstring>
#include <unordered_map>

#include "core/error.hpp"
#include "nn/files/latin_bytes.hpp"

namespace lightloom::nn {
namespace {

using Kind = PickleValue::Kind;
using Pointer = PickleValue::Pointer;

constexpr std::size_t most_values = std::size_t{1} << 26;

/// The machine that a pickle is a program for: a stack and a memo.
class Unpickler {
 public:
  Unpickler(std::string_view bytes, const std::string& origin) : bytes_(bytes), origin_(origin) {}

  Pickle run() && {
    bool more = true;
    while (more) more = step(static_cast<unsigned char>(take(1)[0]));
    pickle_.top = pop();
    pickle_.size = at_;
    return std::move(pickle_);
  }

 private:
  void check(bool legal, const char* problem) const {
    require(legal, "'{}' cannot be read as a Python pickle ({} at byte {})", origin_, problem, at_);
  }
  std::string_view take(std::uint64_t count) {
    check(count <= bytes_.size() - at_, "it is cut off");
    const std::string_view part = bytes_.substr(at_, static_cast<std::size_t>(count));
    at_ += part.size();
    return part;
  }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', at_);
    check(end != std::string_view::npos, "a line is cut off");
    const std::string_view text = take(end - at_);
    ++at_;
    return text;
  }
  /// Unsigned, little-endian, of `width` bytes.
  std::uint64_t number(std::size_t width) {
    std::uint64_t value = 0;
    const std::string_view part = take(width);
    for (std::size_t i = width; i-- > 0;) value = value << 8 | static_cast<unsigned char>(part[i]);
    return value;
  }

  Pointer make(PickleValue value) {
    check(pickle_.values.size() < most_values, "it holds too many values");
    pickle_.values.push_back(std::move(value));
    return &pickle_.values.back();
  }
  void push(PickleValue value) { stack_.push_back(make(std::move(value))); }
  void push_text(Kind kind, std::string_view text) {
    push({.kind = kind, .text = std::string(text)});
  }
  void push_integer(std::int64_t integer) { push({.kind = Kind::integer, .integer = integer}); }
  Pointer pop() {
    check(!stack_.empty(), "its stack is empty");
    const Pointer value = stack_.back();
    check(value->kind != Kind::mark, "a mark is where a value is needed");
    stack_.pop_back();
    return value;
  }
  Pointer top() {
    const Pointer value = pop();
    stack_.push_back(value);
    return value;
  }
  /// The values above the last mark, which goes.
  std::vector<Pointer> pop_mark() {
    std::size_t from = stack_.size();
    while (from > 0 && stack_[from - 1]->kind != Kind::mark) --from;
    check(from > 0, "a mark is missing");
    std::vector<Pointer> values(stack_.begin() + static_cast<std::ptrdiff_t>(from), stack_.end());
    stack_.resize(from - 1);
    return values;
  }
  void push_list(std::vector<Pointer> items) {
    push({.kind = Kind::list, .items = std::move(items)});
  }
  void push_last(std::size_t count) {
    std::vector<Pointer> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    push_list(std::move(items));
  }
  enum class Put { items, pairs };
  void put_in(const std::vector<Pointer>& values, Put put) {
    const bool pairs = put == Put::pairs;
    check(!pairs || values.size() % 2 == 0, "a key has no value");
    const Pointer into = top();
    std::vector<Pointer>& items = into->kind == Kind::call ? into->entries : into->items;
    check(into->kind == Kind::call || into->kind == (pairs ? Kind::dictionary : Kind::list),
          "items are put into what holds none");
    items.insert(items.end(), values.begin(), values.end());
  }
  void put_pair() {
    const Pointer value = pop(), key = pop();
    put_in({key, value}, Put::pairs);
  }
  void push_dictionary() {
    const std::vector<Pointer> items = pop_mark();
    push({.kind = Kind::dictionary});
    put_in(items, Put::pairs);
  }
  void push_global() {
    const std::string module(line());
    push_text(Kind::global, module + " " + std::string(line()));
  }
  /// The top goes, be it a mark.
  void drop() {
    check(!stack_.empty(), "its stack is empty");
    stack_.pop_back();
  }
  void call() {
    const Pointer arguments = pop(), callee = pop();
    if (callee->is_global("_codecs encode") && !arguments->items.empty())
      if (const auto bytes = latin_bytes(arguments->items[0]->text))
        return push_text(Kind::bytes, *bytes);
    push({.kind = Kind::call, .items = {callee, arguments}});
  }
  void build() {
    const Pointer state = pop();
    top()->state = state;
  }
  void remember(std::uint64_t place) { memo_[place] = top(); }
  void recall(std::uint64_t place) {
    const auto found = memo_.find(place);
    check(found != memo_.end(), "it recalls what it never remembered");
    stack_.push_back(found->second);
  }
  void stack_global() {
    const Pointer name = pop(), module = pop();
    check(name->kind == Kind::text && module->kind == Kind::text, "a name is no text");
    push_text(Kind::global, module->text + " " + name->text);
  }

  std::int64_t decimal(std::string_view text) {
    if (text.ends_with('L')) text.remove_suffix(1);
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    check(problem == std::errc{} && end == text.data() + text.size(), "a number is none");
    return value;
  }
  /// Two's complement of up to eight bytes; longer numbers (PyTorch's magic one) keep their low 64
  /// bits.
  void push_long(std::uint64_t width) {
    const std::string_view part = take(width);
    std::uint64_t value = !part.empty() && (part.back() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (std::size_t i = std::min<std::size_t>(part.size(), 8); i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(part[i]);
    push_integer(static_cast<std::int64_t>(value));
  }
  void push_boolean_or_integer(std::string_view text) {
    if (text == "00" || text == "01")
      push({.kind = Kind::boolean, .integer = text == "01" ? 1 : 0});
    else
      push_integer(decimal(text));
  }
  void push_real(std::string_view text) {
    double value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    check(problem == std::errc{} && end == text.data() + text.size(), "a number is none");
    push({.kind = Kind::real, .real = value});
  }
  void push_binary_real() {
    std::uint64_t bits = 0;
    for (const char byte : take(8)) bits = bits << 8 | static_cast<unsigned char>(byte);
    push({.kind = Kind::real, .real = std::bit_cast<double>(bits)});
  }
  void push_quoted(std::string_view text) {
    check(text.size() >= 2 && text.front() == text.back(), "a text has no quotes");
    push_text(Kind::text, text.substr(1, text.size() - 2));
  }
  void persistent(Pointer identity) { push({.kind = Kind::persistent, .items = {identity}}); }

  bool step(unsigned char code);
  bool simple_step(unsigned char code);
  bool text_step(unsigned char code);
  bool number_step(unsigned char code);
  bool memo_step(unsigned char code);
  bool object_step(unsigned char code);

  std::string_view bytes_;
  std::string origin_;
  std::size_t at_ = 0;
  std::vector<Pointer> stack_;
  std::unordered_map<std::uint64_t, Pointer> memo_;
  Pickle pickle_;
};

/// False after STOP.
bool Unpickler::step(unsigned char code) {
  if (code == '.') return false;
  const bool known = simple_step(code) || text_step(code) || number_step(code) || memo_step(code) ||
                     object_step(code);
  check(known, "it holds an unknown instruction");
  return true;
}

bool Unpickler::simple_step(unsigned char code) {
  if (code == 0x80) return take(1), true;  // PROTO
  if (code == 0x95) return take(8), true;  // FRAME
  if (code == 0x98) return true;           // READONLY_BUFFER
  if (code == '(') return push({.kind = Kind::mark}), true;
  if (code == '0') return drop(), true;
  if (code == '1') return pop_mark(), true;
  if (code == '2') return stack_.push_back(top()), true;
  if (code == 'N') return push({}), true;
  if (code == 0x88) return push({.kind = Kind::boolean, .integer = 1}), true;
  if (code == 0x89) return push({.kind = Kind::boolean}), true;
  if (code == ']' || code == ')' || code == 0x8f) return push_list({}), true;
  if (code == '}') return push({.kind = Kind::dictionary}), true;
  if (code == 'l' || code == 't' || code == 0x91) return push_list(pop_mark()), true;
  if (code >= 0x85 && code <= 0x87) return push_last(code - 0x84u), true;  // TUPLE1 to TUPLE3
  return false;
}

bool Unpickler::text_step(unsigned char code) {
  if (code == 'S') return push_quoted(line()), true;
  if (code == 'V') return push_text(Kind::text, line()), true;
  if (code == 'T' || code == 'X') return push_text(Kind::text, take(number(4))), true;
  if (code == 'U' || code == 0x8c) return push_text(Kind::text, take(number(1))), true;
  if (code == 0x8d) return push_text(Kind::text, take(number(8))), true;
  if (code == 'C') return push_text(Kind::bytes, take(number(1))), true;
  if (code == 'B') return push_text(Kind::bytes, take(number(4))), true;
  if (code == 0x8e || code == 0x96) return push_text(Kind::bytes, take(number(8))), true;
  return false;
}

bool Unpickler::number_step(unsigned char code) {
  if (code == 'I') return push_boolean_or_integer(line()), true;
  if (code == 'L') return push_integer(decimal(line())), true;
  if (code == 'F') return push_real(line()), true;
  if (code == 'G') return push_binary_real(), true;
  if (code == 'J')
    return push_integer(static_cast<std::int32_t>(static_cast<std::uint32_t>(number(4)))), true;
  if (code == 'K') return push_integer(static_cast<std::int64_t>(number(1))), true;
  if (code == 'M') return push_integer(static_cast<std::int64_t>(number(2))), true;
  if (code == 0x8a) return push_long(number(1)), true;
  if (code == 0x8b) return push_long(number(4)), true;
  return false;
}

bool Unpickler::memo_step(unsigned char code) {
  const auto line_number = [&] { return static_cast<std::uint64_t>(decimal(line())); };
  if (code == 'p') return remember(line_number()), true;
  if (code == 'q') return remember(number(1)), true;
  if (code == 'r') return remember(number(4)), true;
  if (code == 0x94) return remember(memo_.size()), true;
  if (code == 'g') return recall(line_number()), true;
  if (code == 'h') return recall(number(1)), true;
  if (code == 'j') return recall(number(4)), true;
  return false;
}

bool Unpickler::object_step(unsigned char code) {
  if (code == 'a') return put_in({pop()}, Put::items), true;
  if (code == 'e' || code == 0x90) return put_in(pop_mark(), Put::items), true;
  if (code == 's') return put_pair(), true;
  if (code == 'u') return put_in(pop_mark(), Put::pairs), true;
  if (code == 'd') return push_dictionary(), true;
  if (code == 'c') return push_global(), true;
  if (code == 0x93) return stack_global(), true;
  if (code == 'R' || code == 0x81) return call(), true;
  if (code == 0x92) return pop(), call(), true;  // its keyword arguments go
  if (code == 'b') return build(), true;
  if (code == 'P') return push_text(Kind::text, line()), persistent(pop()), true;
  if (code == 'Q') return persistent(pop()), true;
  return false;
}

}  // namespace

const PickleValue* PickleValue::find(std::string_view key) const {
  if (!maps()) return nullptr;
  const std::vector<Pointer>& all = pairs();
  for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
    const bool named = all[i]->kind == Kind::text || all[i]->kind == Kind::bytes;
    if (named && all[i]->text == key) return all[i + 1];
  }
  return nullptr;
}

Pickle read_pickle(std::string_view bytes, const std::string& origin) {
  return Unpickler(bytes, origin).run();
}

}  // namespace lightloom::nn

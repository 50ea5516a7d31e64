#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace lightloom::nn {

/// A value of a Python pickle. What would be code to Python, a class to import or a function to
/// call, is no more than its name here.
struct PickleValue {
  enum class Kind {
    none,
    boolean,
    integer,
    real,
    text,
    bytes,       // those that protocol 2 writes as text by _codecs.encode too
    list,        // lists, tuples, sets
    dictionary,  // items: key, value, key, value, ...
    global,      // text: "module name"
    call,        // items: what is called, its arguments; made by REDUCE and its like
    persistent,  // items: the identity of something kept outside of the pickle
    mark,
  };
  using Pointer = PickleValue*;

  Kind kind = Kind::none;
  std::int64_t integer = 0;  // of booleans too
  double real = 0;
  std::string text = {};              // of text, bytes, global
  std::vector<Pointer> items = {};    // see above
  std::vector<Pointer> entries = {};  // of a call: what was put in later, key, value, ... or items
  Pointer state = nullptr;            // of a call: what BUILD gave it

  /// Whether it is the name `module name`, or a call of it.
  [[nodiscard]] bool is_global(std::string_view name) const {
    return kind == Kind::global && text == name;
  }
  [[nodiscard]] bool is_call(std::string_view name) const {
    return kind == Kind::call && items[0]->is_global(name);
  }
  /// The value behind a text key of a dictionary (or of a call that entries were put into, as into
  /// an OrderedDict); nullptr when there is none.
  [[nodiscard]] const PickleValue* find(std::string_view key) const;
  /// Key, value, key, value, ... of the same.
  [[nodiscard]] const std::vector<Pointer>& pairs() const {
    return kind == Kind::call ? entries : items;
  }
  [[nodiscard]] bool maps() const {
    return kind == Kind::dictionary || (kind == Kind::call && !entries.empty());
  }
};

/// Pickled values, which live as long as this. Values may be shared and may hold one another in
/// circles: whoever walks them limits the depth.
struct Pickle {
  std::deque<PickleValue> values;
  const PickleValue* top = nullptr;
  std::size_t size = 0;  // bytes of the pickle
};

/// Reads one pickle of protocol 0 to 5 (Python's pickletools.py) from the front of `bytes`. Runs no
/// code, imports nothing, opens nothing. Throws `Error` naming `origin` for what is none.
Pickle read_pickle(std::string_view bytes, const std::string& origin);

}  // namespace lightloom::nn

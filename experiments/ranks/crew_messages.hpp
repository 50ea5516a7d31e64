#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace lightloom::experiments {

// What processes of a crew say to one another: a letter, then numbers and texts of the same
// program on machines of one kind.
inline constexpr char alive = 'a';     // "I am still there"
inline constexpr char order = 'o';     // to a helper: text, number of the work, items
inline constexpr char answers = 'r';   // to the leader: number of the work, items with their texts
inline constexpr char refusal = 'x';   // to the leader: an Error's text
inline constexpr char failure = 'f';   // to the leader: a Failure's text
inline constexpr char leaving = 'l';   // to the leader: asked to end
inline constexpr char home = 'h';      // to a helper: the end
inline constexpr char farewell = 'b';  // to the leader: has heard of the end, and says no more

class MessageWriter {
 public:
  explicit MessageWriter(char kind) : bytes_(1, kind) {}
  void number(std::uint64_t number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  void text(std::string_view text) {
    number(text.size());
    bytes_ += text;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class MessageReader {
 public:
  explicit MessageReader(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  std::uint64_t number() {
    std::uint64_t number = 0;
    const std::string_view bytes = next(sizeof number);
    std::memcpy(&number, bytes.data(), sizeof number);
    return number;
  }
  std::string_view text() { return next(number()); }

 private:
  std::string_view next(std::size_t size) {
    if (size > rest_.size()) throw Failure("a message of another process is cut off");
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  std::string_view rest_;
};

}  // namespace lightloom::experiments

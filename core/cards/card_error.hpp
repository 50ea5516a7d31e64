#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace lightloom {

/// Everything that is wrong with a card, found in one reading: what `read_tree` and `read_card`
/// throw. The message holds one problem a line.
class CardError : public Error {
 public:
  CardError(const std::string& message, std::vector<std::string> problems)
      : Error(message), problems_(std::move(problems)) {}
  /// "<where>: <key.path> <what is wrong>", each.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

 private:
  std::vector<std::string> problems_;
};

}  // namespace lightloom

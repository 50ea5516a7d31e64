#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace lightloom {

/// A mistake the user can fix: what is wrong, where, why, what instead. `main` prints it and exits
/// with 2.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The work could not be done although the input was right (a full disk, say). `main` exits with 1.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws `Error` with the formatted message unless `condition` holds. Always on.
template <class... Args>
void require(bool condition, fmt::format_string<Args...> message, Args&&... args) {
  if (!condition) throw Error(fmt::format(message, std::forward<Args>(args)...));
}

}  // namespace lightloom

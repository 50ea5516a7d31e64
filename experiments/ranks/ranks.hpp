#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace lightloom::experiments {

/// What one process was sent by another.
struct Message {
  int from = 0;
  std::string bytes;
};

/// Processes that send one another bytes, numbered from 0. All calls but `wake` on one thread,
/// construction and destruction too.
class Ranks {
 public:
  virtual ~Ranks() = default;
  [[nodiscard]] virtual int own() const = 0;
  [[nodiscard]] virtual int count() const = 0;
  /// Sends without waiting for the receiver; what is sent to one that has ended is lost.
  virtual void send(int to, std::string bytes) = 0;
  /// The next message from anyone; nothing when none comes for about `wait`.
  virtual std::optional<Message> receive(std::chrono::microseconds wait) = 0;
  /// Ends such a wait, and may be called on any thread.
  virtual void wake() = 0;
  /// Whether the way to a process is known to be closed.
  [[nodiscard]] virtual bool closed(int rank) const = 0;
};

}  // namespace lightloom::experiments

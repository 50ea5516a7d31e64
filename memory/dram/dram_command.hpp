#pragma once

#include <cstdint>

namespace lightloom::memory {

/// Command-clock cycles.
using Cycle = std::int64_t;
/// Later than any run: about an hour of DRAM time.
inline constexpr Cycle never = Cycle{1} << 42;

enum class DramCommandKind : std::uint8_t {
  activate,
  precharge,
  read,
  write,
  refresh,
  refresh_bank,
  refresh_same_bank  // the banks of one number in all groups
};

/// One command on the pins of one channel, or of a pseudo-channel that does not share its pins.
struct DramCommand {
  Cycle cycle = 0;
  DramCommandKind kind = DramCommandKind::activate;
  int pseudo_channel = 0;  // 0 where each has a controller of its own
  int rank = 0;
  int bank_group = 0;    // not for refresh and refresh_same_bank
  int bank = 0;          // within its group; not for refresh
  std::int64_t row = 0;  // activate, read, write
};

}  // namespace lightloom::memory

#pragma once

#include <span>
#include <string>
#include <vector>

#include "memory/dram/dram_card.hpp"
#include "memory/dram/dram_command.hpp"

namespace lightloom::memory {

/// Replays the commands of one controller against the rules of the card and lists what breaks
/// them, at most `limit` sentences. Independent of the controller: every pair of commands inside
/// the longest window is compared with the table of minimum spacings, and bank states are followed
/// from scratch. Commands must be in order of cycle.
std::vector<std::string> check_commands(const DramCard& card, std::span<const DramCommand> commands,
                                        std::size_t limit = 10);

}  // namespace lightloom::memory

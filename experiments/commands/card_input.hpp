#pragma once

#include <string>

#include "core/cards/tree.hpp"
#include "experiments/commands/command_line.hpp"

namespace lightloom::experiments {

/// The card of a command line with its --set and --seed applied. Without a card operand, an empty
/// card that --set fills.
Tree card_or_settings(const CommandLine& line);

/// The same, for commands that must have a card.
Tree load_given_card(const CommandLine& line);

}  // namespace lightloom::experiments

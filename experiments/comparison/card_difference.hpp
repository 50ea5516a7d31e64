#pragma once

#include <string>
#include <vector>

#include "core/cards/tree.hpp"

namespace lightloom::experiments {

/// A card of an experiment as it was given, with the cards it names in their places, and with every
/// default filled in.
struct ReadCard {
  Tree given, resolved;
};
/// Throws `Error` with all problems of the card.
ReadCard read_whole(const Tree& card);

/// What one of two cards says of a key.
struct CardValue {
  std::string text;  // on one line; "" where the card has no such key
  std::string from;  // "card.yaml:12", "--set batch=4", or "default"
};
struct CardDifference {
  std::string key;  // "core.rows", "baselines[1].bits"
  CardValue first, second;
};

/// Keys whose resolved values differ, in the order of the first card, then those that only the
/// second has. Sources of numbers are no values. Lists are compared one by one where both hold as
/// many mappings, else whole.
std::vector<CardDifference> differing_keys(const ReadCard& first, const ReadCard& second);

}  // namespace lightloom::experiments

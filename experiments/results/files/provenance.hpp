#pragma once

#include <cstdint>
#include <string>

#include "core/cards/tree.hpp"
#include "core/files/labelled.hpp"

namespace lightloom::experiments {

/// What a results file says about how it was made.
struct Origin {
  std::string kind;  // "run", "sweep", "cost", ...
  Tree card;         // resolved: every default filled in
  std::uint64_t seed = 0;
  std::string command;  // the command line
  int threads = 0;      // training may depend on it
};

/// `text_hash` of the resolved card's text.
std::string card_hash(const Tree& resolved);

/// Attributes: kind, title, card, card_hash, seed, command, threads, program_version, git_revision,
/// compiler, build.
void add_origin(Labelled& data, const Origin& origin);

/// The text attribute `name`, or "" when there is none.
std::string text_attribute(const Labelled& data, const std::string& name);

}  // namespace lightloom::experiments

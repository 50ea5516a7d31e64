#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "memory/traffic/dram_run.hpp"
#include "tests/memory/presets.hpp"
#include "tests/oracles/dram_checker.hpp"

namespace lightloom::memory {

using Kind = DramCommandKind;

inline DramCommand command(Cycle cycle, Kind kind, int group, int bank, std::int64_t row = 0,
                           int rank = 0) {
  return {
      .cycle = cycle, .kind = kind, .rank = rank, .bank_group = group, .bank = bank, .row = row};
}
/// The same to a pseudo-channel of a channel that they share.
inline DramCommand to_unit(DramCommand c, int pseudo_channel) {
  c.pseudo_channel = pseudo_channel;
  return c;
}
inline DramCommand act(Cycle k, int g, int b, int pc = 0) {
  return to_unit(command(k, Kind::activate, g, b), pc);
}
inline DramCommand pre(Cycle k, int g, int b) { return command(k, Kind::precharge, g, b); }
inline DramCommand rd(Cycle k, int g, int b, int pc = 0) {
  return to_unit(command(k, Kind::read, g, b), pc);
}
inline DramCommand wr(Cycle k, int g, int b, int pc = 0) {
  return to_unit(command(k, Kind::write, g, b), pc);
}
inline DramCommand refsb(Cycle k, int b) { return command(k, Kind::refresh_same_bank, 0, b); }

/// The last command of `commands` is legal where it is and refused one cycle earlier.
inline void expect_boundary(const DramCard& card, std::vector<DramCommand> commands,
                            const char* rule) {
  EXPECT_TRUE(check_commands(card, commands).empty())
      << rule << ": " << check_commands(card, commands).front();
  commands.back().cycle -= 1;
  EXPECT_FALSE(check_commands(card, commands).empty()) << rule << " one cycle early";
}

using Logs = std::vector<std::vector<DramCommand>>;

inline MemoryRun recorded(const DramCard& card, const std::string& pattern, std::int64_t requests,
                          Logs& logs) {
  const auto source = make_pattern(pattern, requests, 5, card.organization.atom_bytes());
  return run_source(card, *source, {.commands = &logs});
}

/// Problems that a card's rules find in the commands of another card's run.
inline std::size_t problems(const DramCard& judge, const DramCard& card,
                            const std::string& pattern) {
  Logs logs;
  recorded(card, pattern, 3000, logs);
  std::size_t found = 0;
  for (const auto& log : logs) found += check_commands(judge, log).size();
  return found;
}

/// Cycles of a pattern.
inline double cycles_of(const DramCard& card, const std::string& pattern, std::int64_t requests) {
  return static_cast<double>(run_pattern(card, pattern, requests, 5).cycles);
}

}  // namespace lightloom::memory

#pragma once

#include <string>

#include "experiments/commands/command.hpp"
#include "experiments/designs/sweep_grid.hpp"
#include "experiments/sweep/sweep_part.hpp"

namespace lightloom::experiments {

/// Where the page of results goes: where --report says, or beside them; "" for --report none.
std::string page_of(const CommandLine& line, const std::string& results);
inline constexpr const char* page_help =
    "where the page goes (beside the results when absent), or none";

/// Where a sweep is written.
struct SweepFiles {
  std::string results;
  std::string page;  // "": none
};

/// What the call says, else made from the sweep's name. The page of a part is drawn when it is
/// asked for. Throws `Error` for places that cannot be written.
SweepFiles sweep_files(const CommandLine& line, const std::string& name, const SweepPart& part);

/// Writes table and page; returns what every command says that writes a sweep.
Shown write_sweep(const Labelled& table, const SweepGrid& grid, const SweepFiles& places);

}  // namespace lightloom::experiments

#pragma once

#include <string>
#include <vector>

#include "experiments/commands/command_line.hpp"
#include "experiments/results/json.hpp"

namespace lightloom::experiments {

/// A measured value that takes the place of a card's own.
struct MeasuredValue {
  std::string name;
  double value = 0;
  std::string source;
};

/// `--into card.yaml --section path -o mine.yaml`: the card with `values` in the place of its own
/// in that section, each with its source. Cards that it names are written out, so that it stands
/// anywhere.
void write_into_card(const CommandLine& line, const std::string& section,
                     const std::vector<MeasuredValue>& values, Shown& result);

}  // namespace lightloom::experiments

#pragma once

#include <optional>

#include "core/cards/card.hpp"

namespace lightloom::experiments {

/// `chips` as a mapping in place of a number: chips are measured until their mean accuracy is known
/// so well, or until there are `most` of them.
struct ChipsUntil {
  double half_width = 0.01;  // of the 95 % interval over chips, as a share
  int least = 8;
};

/// Reads `chips`: a number, or {until, least, most}, where `until` is a share (0.003) or a
/// percentage (0.3 %) above 0 and at most 0.5. `chips` is the number, or the most.
void read_chips(Section& section, int& chips, std::optional<ChipsUntil>& until);

}  // namespace lightloom::experiments

#pragma once

#include "photonic/cores/core_table.hpp"

namespace lightloom::photonic {

/// The card of the same core so many seconds after it was programmed (or calibrated). Throws
/// `Error` for a core whose card does not change with time, and for ages it cannot have.
CoreCard aged_core(CoreCard card, double age_s);
/// What time does to the core of a card.
Ageing core_ageing(const CoreCard& card);

/// For rows of the table whose phases drift: whole steps of `drift` since the calibration.
Ageing age_phases(CoreCard& card, double age_s);

}  // namespace lightloom::photonic

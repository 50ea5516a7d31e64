#pragma once

#include "core/cards/card.hpp"

namespace lightloom::photonic {

/// Weights set from a shared bank: each column of a core has DACs that hold its different levels,
/// and an analogue multiplexer in each cell turns to one of them. A column of M cells with u
/// different weights then takes u conversions in place of M; what is added is `levels` DACs a
/// column, as many switches a cell, and a selection for every cell
/// (docs/models/photonic/cores.md#weights-from-a-shared-bank-of-levels). Every default is an
/// assumption.
struct SparseDac {
  int levels = 0;                 // DACs of a column, switches of a cell; 0: a conversion a cell
  double level_power_mW = 0.01;   // of one DAC that holds its level: 10 uA at 1 V
  double level_area_um2 = 500;    // of one such DAC with its driver
  double switch_energy_pJ = 0.1;  // of one cell that turns: select latches, gates and the cell's
                                  // node, 100 fF charged to 1 V
  double switch_leakage_nW = 1;   // of one switch
  double switch_area_um2 = 2;     // of one switch with its share of the select latches
  int select_rows = 1;            // rows of cells that take their selections at once

  [[nodiscard]] bool used() const { return levels > 0; }
};

/// The section `sparse_dac`; `levels` must be said.
void describe(Section& section, SparseDac& card);

}  // namespace lightloom::photonic

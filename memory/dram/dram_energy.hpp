#pragma once

#include "memory/dram/dram_card.hpp"

namespace lightloom::memory {

/// Energies of one DRAM in pJ, all devices of a rank together, from its IDD currents or its all-in
/// figure:
///     activate = VDD (IDD0 RC - IDD3N RAS - IDD2N RP) t_CK,   read = VDD (IDD4R - IDD3N) BL t_CK,
///     likewise write, refresh = VDD (IDD5AB - IDD3N) RFC t_CK,   background = VDD IDD3N (a row
///     open) or VDD IDD2N (all closed).
/// mA * V * ns = pJ. With several rails VDD I is the sum over rails of voltage times current. I/O
/// energy is apart: the currents exclude it (but for what a VDDQ rail is given).
struct DramEnergy {
  double activate_pJ = 0;           // one ACT and its PRE
  double read_pJ = 0;               // one burst, core
  double write_pJ = 0;              // one burst, core
  double io_pJ = 0;                 // one burst on the interface
  double refresh_pJ = 0;            // one refresh command (of all banks, or of some in those modes)
  double background_open_mW = 0;    // per rank
  double background_closed_mW = 0;  // per rank
};

DramEnergy dram_energy(const DramCard& card);

/// Mean refresh power of all ranks.
double refresh_power_mW(const DramCard& card);

}  // namespace lightloom::memory

#pragma once

#include <string>

#include "core/cards/card.hpp"

namespace lightloom::memory {

enum class BufferKind { sram, edram };
enum class CellType {
  high_performance,   // fast, leaky
  low_standby_power,  // leakage 200 to 6000 times lower, 2 to 4 times slower
};

/// What one access costs and what a whole buffer draws.
struct BufferFigures {
  double read_pJ = 0;  // one access of `word_bytes`
  double write_pJ = 0;
  double leakage_mW = 0;  // all banks; eDRAM: without refresh
  double refresh_mW = 0;  // eDRAM, if every row is refreshed all the time
  double area_mm2 = 0;    // all banks
  double access_ns = 0;   // latency
  double cycle_ns = 0;    // between two accesses of one port
};

/// An on-chip buffer by capacity, ports and technology. Figures come from a CACTI 7 table (350 K,
/// one read-write port, no ECC, optimised for dynamic power); a value above zero in the card
/// replaces the table's.
struct BufferCard {
  BufferKind kind = BufferKind::sram;
  double capacity_KB = 256;
  double node_nm = 28;
  CellType cell = CellType::high_performance;
  int word_bytes = 32;
  int banks = 1;            // equal arrays that work at once
  int ports = 1;            // per bank; bandwidth grows with ports, table energy and area do not
  double retention_us = 0;  // eDRAM; 0: by node, 127 at 45 nm, 119 at 32 nm
  double read_pJ = 0, write_pJ = 0, leakage_mW = 0, area_mm2 = 0,
         access_ns = 0;  // 0: from the table

  [[nodiscard]] double bytes() const { return capacity_KB * 1024; }
};

void describe(Section& section, BufferCard& card);

/// The figures of a buffer. SRAM: 22 to 45 nm and 4 KB to 4 MB per bank by interpolation (linear in
/// node, logarithmic in capacity and word size), outside by the scaling laws: below 22 nm energy x
/// sqrt(t/22), leakage x 0.79 sqrt(t/22), area x t/22 (Accelergy); beyond the capacities with the
/// slope at the edge. eDRAM: 32 and 45 nm, 64 KB to 4 MB, 32-byte words.
BufferFigures buffer_figures(const BufferCard& card);

/// Bytes per second of all banks and ports.
double buffer_bandwidth_GBps(const BufferCard& card);

/// Energy to read or write `bytes` in whole words.
double read_energy_pJ(const BufferCard& card, const BufferFigures& figures, double bytes);
double write_energy_pJ(const BufferCard& card, const BufferFigures& figures, double bytes);

}  // namespace lightloom::memory

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
  double cycle_ns = 0;    // between two accesses of one port of a bank
};

/// Where consecutive accesses go, of `ports` times `banks` that could be served in a cycle.
enum class BankPattern {
  stream,  // words `stride_words` apart: banks / gcd(stride_words, banks) of the banks take turns
  random,  // independent words, one waiting for each bank on average
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
  int banks = 1;  // equal arrays that work at once; neighbouring words lie in neighbouring banks
  int ports = 1;  // per bank; bandwidth grows with ports, table energy and area do not
  double retention_us = 0;  // eDRAM; 0: by node, 127 at 45 nm, 119 at 32 nm
  BankPattern pattern = BankPattern::stream;
  int stride_words = 1;  // of a stream
  double read_pJ = 0, write_pJ = 0, leakage_mW = 0, area_mm2 = 0,
         access_ns = 0;  // 0: from the table
  double cycle_ns = 0;   // 0: access_ns where the card gives that, else from the table

  [[nodiscard]] double bytes() const { return capacity_KB * 1024; }
};

void describe(Section& section, BufferCard& card);

/// The figures of a buffer. SRAM: 3 to 45 nm. From 22 nm on and for 4 KB to 4 MB a bank by
/// interpolation (linear in node, logarithmic in capacity and word size). Outside, by scaling laws
/// that keep every figure positive: below 22 nm energy x sqrt(t/22), leakage x 0.79 sqrt(t/22),
/// area x t/22 (Accelergy); words below 8 and above 32 bytes, energy x (0.3 + 0.7 words' ratio)
/// (Accelergy), all else as at the edge; capacities with the slope at the edge, but leakage and
/// area of more than 4 MB by bits. Cycle times: access times x the ratio of published runs. eDRAM:
/// 32 to 45 nm, 32-byte words, 64 KB to 4 MB with the same rule outside. Throws `Error` for nodes
/// that no table covers.
BufferFigures buffer_figures(const BufferCard& card);

/// Share of its banks that a buffer keeps busy: 1 / gcd(stride_words, banks) of a stream, 1 - (1 -
/// 1/banks)^banks of random accesses (the banks that at least one of `banks` accesses wants).
double bank_share(const BufferCard& card);

/// Bytes per second of all banks and ports: word_bytes x banks x bank_share x ports / cycle_ns.
/// Twice as many banks are never slower.
double buffer_bandwidth_GBps(const BufferCard& card);

/// Energy to read or write `bytes` in whole words.
double read_energy_pJ(const BufferCard& card, const BufferFigures& figures, double bytes);
double write_energy_pJ(const BufferCard& card, const BufferFigures& figures, double bytes);

}  // namespace lightloom::memory

#pragma once

#include <vector>

#include "memory/dram/dram_card.hpp"

namespace lightloom::memory {

/// What limits a DRAM.
enum class DramBound {
  bus,
  ccd_l,
  activate,
  row_cycle,
  injection,
  turnaround,
  command  // pins that pseudo-channels share
};
const char* bound_name(DramBound bound);

/// Steady-state service of one kind of traffic: cycles per request = max(terms) / (1 - refresh
/// share).
struct DramEstimate {
  struct Term {
    DramBound bound;
    double cycles_per_request;  // over all channels, without refresh
  };
  std::vector<Term> terms;
  DramBound bound_by = DramBound::bus;
  double refresh_share = 0;  // of the time, phi
  double row_hit_share = 0;
  double cycles_per_request = 0;  // with refresh
  double bandwidth_GBps = 0;
};

/// Share of the time that refresh takes: (RTP + RP + RFC + RCD) / REFI, in the form Ramulator 2.1
/// checks itself with. With per-bank refresh (RTP + RP + RFC_bank + RCD) / (turns * REFI_bank),
/// turns the banks of a rank, with same-bank refresh those of a group: the share of each bank.
double refresh_share(const DramCard& card);

/// Reads in sequential runs of `run_bytes` (rounded up to bursts) that start at random places; a
/// long run is a stream. Formula of the analytic service model: the largest of BL / channels, CCD_L
/// if a run stays in one bank group, (1 - h) max(RRD_S, FAW / 4) and (1 - h) RC / banks, h the
/// row-hit share that the address mapping gives the run.
DramEstimate estimate_runs(const DramCard& card, double run_bytes);

/// The same for runs of 1, 2, 4, ... bursts, up to the longest that it tells apart: what the card's
/// address mapping says is read once.
std::vector<DramEstimate> estimate_runs_by_bursts(const DramCard& card);

}  // namespace lightloom::memory

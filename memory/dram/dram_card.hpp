#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/cards/card.hpp"

namespace lightloom::memory {

/// Geometry of a DRAM. A pseudo-channel is a channel of its own for data and banks. Those of a
/// channel are independent, or, with `shared_channel`, behind one controller: they share its queues
/// and its command pins (one command a cycle; one of rows and one of columns with `dual_command`).
struct DramOrganization {
  int channels = 1;
  int pseudo_channels = 1;  // per channel
  int ranks = 1;            // per (pseudo-)channel
  int bank_groups = 4;      // per rank
  int banks_per_group = 4;
  std::int64_t rows = 65536;  // of a bank; no power of two: `ro` has to lead the mapping
  int row_bytes = 8192;       // of one (pseudo-)channel
  int width_bits = 64;        // of one (pseudo-)channel
  int burst_beats = 8;
  bool dual_command = false;  // row and column commands on pins of their own (HBM)
  int burst_cycles = 4;       // data bus occupancy of one burst, in command-clock cycles
  int burst_span_cycles =
      0;  // first to last data of a burst sent in two halves with room for half a
          // burst of another bank group between (LPDDR5, BL32); 0: burst_cycles
  bool shared_channel = false;  // pseudo-channels share queues and command pins
  bool merging_writes = true;   // writes read and merge words of the device's own error correction
                                // (x4 devices, masked bytes): ccd_l_wr, else ccd_l_wr2

  /// Bytes of one burst: what one request transfers.
  [[nodiscard]] int atom_bytes() const { return width_bits / 8 * burst_beats; }
  /// Bursts in one row.
  [[nodiscard]] int columns() const { return row_bytes / atom_bytes(); }
  [[nodiscard]] int units() const { return channels * pseudo_channels; }
  /// Units behind one controller.
  [[nodiscard]] int units_together() const { return shared_channel ? pseudo_channels : 1; }
  /// Cycles from the first to the last data of a burst.
  [[nodiscard]] int span_cycles() const {
    return burst_span_cycles > 0 ? burst_span_cycles : burst_cycles;
  }
  [[nodiscard]] int banks() const { return bank_groups * banks_per_group; }
  [[nodiscard]] std::int64_t bytes() const { return rows * row_bytes * banks() * ranks * units(); }
};

/// Timing parameters in command-clock cycles (JEDEC names without the t).
struct DramTiming {
  int cl = 17;         // read command to first data (with tDQSCK where the standard has it)
  int cwl = 12;        // write command to first data
  int rcd_read = 17;   // ACT to RD
  int rcd_write = 17;  // ACT to WR
  int rp = 17;         // PRE to ACT
  int ras = 39;        // ACT to PRE
  int rc = 56;         // ACT to ACT, same bank
  int ccd_s = 4;       // column to column, other bank group
  int ccd_l = 6;       // column to column, same bank group
  int ccd_l_wr = 0;    // write to write, same bank group (0: ccd_l)
  int ccd_l_wr2 = 0;   // the same without merging_writes (0: ccd_l_wr)
  int rrd_s = 4;       // ACT to ACT, other bank group
  int rrd_l = 6;       // ACT to ACT, same bank group
  int faw = 26;        // window of four ACTs of a rank
  int aw32 = 0;        // window of 32 ACTs of a rank (GDDR; 0: no rule)
  int wr = 18;         // end of write data to PRE
  int rtp = 9;         // RD to PRE
  int wtr_s = 3;       // end of write data to RD, other bank group
  int wtr_l = 9;       // end of write data to RD, same bank group
  int rtrs = 1;        // data bus hand-over (rank switch, read to write)
  int ppd = 0;         // PRE to PRE of a rank (0: no rule)
  int rfc = 420;       // all-bank refresh
  int refi = 9360;     // all-bank refresh interval of a rank
  int rfc_bank = 0;    // per-bank or same-bank refresh (0: the device has none)
  int refi_bank = 0;   // interval between per-bank or same-bank refreshes of a rank
  int rrefd = 0;       // per-bank refresh to per-bank refresh or ACT of another bank; same-bank
                       // refresh to ACT of another bank (tREFSBRD)
};

enum class RefreshMode {
  all_bank,
  per_bank,   // one bank of a rank at a time
  same_bank,  // the banks of one number in all groups of a rank at a time (DDR5)
};
enum class PagePolicy { open, closed };
enum class Selection { oldest, round_robin };
/// How writes are drained.
enum class WriteDrain {
  watermarks,   // reads and writes wait apart; one kind is served at a time
  bank_queues,  // both wait in the queues of the banks, which are filled with one kind at a time
};

/// The controller of one (pseudo-)channel.
struct ControllerCard {
  int read_queue = 32;
  int bank_queue =
      8;  // requests move on to queues of this size, one a cycle; 0: all are seen at once
  int write_queue = 32;
  double drain_high = 1;  // of the write queue: start draining
  double drain_low =
      0.25;  // watermarks: stop draining; bank_queues: more drain if nothing else is left
  int row_hit_cap = 4;  // column commands of an activation after which a request for another row
                        // may close it; hits go on until it can, to four times as many
  int age_cap_cycles = 2000;   // an older request blocks row hits that pass it (0: never)
  int pipeline_cycles = 2;     // acceptance of a request to its first possible command
  int requests_per_cycle = 1;  // offered by the traffic source
  WriteDrain write_drain = WriteDrain::bank_queues;
  PagePolicy page = PagePolicy::open;
  Selection selection = Selection::round_robin;  // among commands that can go at once
};

/// Another supply of a device, by its data-sheet name (VPP, VDDQ, VDD1, ...): currents in mA.
struct DramRail {
  std::string name;
  double voltage_V = 0;
  double i0 = 0, i2n = 0, i3n = 0, i4w = 0, i4r = 0, i5ab = 0;
};

/// Supply currents of one device, mA at `vdd_V` (data-sheet IDD). vdd_V = 0: not known. What
/// further rails draw is added, state by state.
struct DramCurrents {
  double vdd_V = 0;
  double idd0 = 0, idd2p = 0, idd2n = 0, idd3p = 0, idd3n = 0, idd4w = 0, idd4r = 0, idd5ab = 0,
         idd6 = 0;
  std::vector<DramRail> rails;
  int devices_per_rank = 1;
};

/// A DRAM as a card. Defaults are DDR4-2400 (8 Gb, x8, one rank).
struct DramCard {
  std::string name = "DDR4-2400";
  double clock_ns = 0.83;
  DramOrganization organization;
  DramTiming timing;
  ControllerCard controller;
  bool refresh = true;
  RefreshMode refresh_mode = RefreshMode::all_bank;
  /// Address bits as two-letter fields, most significant first, above the bytes of one burst: ch
  /// channel, pc pseudo-channel, ra rank, bg bank group, ba bank, ro row, co column (in bursts).
  std::string mapping = "rorabachcobg";
  DramCurrents currents;
  double io_pJ_per_bit = 0;  // interface energy, on top of the currents
  /// For devices without currents: activate, read and write together, and the interface too unless
  /// io_pJ_per_bit says it apart.
  double access_pJ_per_bit = 0;
  double background_mW = 0;  // per rank, for devices without currents

  /// Peak of all channels together. Double data rate unless the burst says otherwise: bytes of a
  /// burst / its cycles.
  [[nodiscard]] double peak_GBps() const {
    return organization.atom_bytes() / (organization.burst_cycles * clock_ns) *
           organization.units();
  }
  /// Refresh commands of a rank after which each of its banks has been refreshed once.
  [[nodiscard]] int refresh_turns() const {
    if (refresh_mode == RefreshMode::all_bank) return 1;
    return refresh_mode == RefreshMode::per_bank ? organization.banks()
                                                 : organization.banks_per_group;
  }
  /// Write to write in one bank group, by `merging_writes`.
  [[nodiscard]] int write_ccd_l() const {
    const int merging = timing.ccd_l_wr > 0 ? timing.ccd_l_wr : timing.ccd_l;
    return organization.merging_writes || timing.ccd_l_wr2 == 0 ? merging : timing.ccd_l_wr2;
  }
  /// Mean distance of the ACTs of a rank that its rules allow at best.
  [[nodiscard]] double activate_cycles() const {
    return std::max({static_cast<double>(timing.rrd_s), timing.faw / 4.0, timing.aw32 / 32.0});
  }
};

void describe(Section& section, DramOrganization& organization);
void describe(Section& section, DramTiming& timing);
void describe(Section& section, ControllerCard& controller);
void describe(Section& section, DramRail& rail);
void describe(Section& section, DramCurrents& currents);
void describe(Section& section, DramCard& card);

/// All rules of one card that a single key cannot check (powers of two, windows, mapping). Throws
/// `Error`.
void validate(const DramCard& card);

/// The DRAM of a card file's tree: the tree itself, or its section `dram` if it is a memory
/// hierarchy.
DramCard read_dram(const Tree& tree, Tree* resolved = nullptr);

}  // namespace lightloom::memory

#include "memory/dram/dram_card.hpp"

#include <algorithm>
#include <bit>

#include "core/error.hpp"
#include "memory/dram/address_mapping.hpp"

namespace lightloom::memory {

void describe(Section& section, DramOrganization& o) {
  const Range count{.low = 1, .high = 1 << 20};
  section.value("channels", o.channels, count);
  section.value("pseudo_channels", o.pseudo_channels, count);
  section.value("ranks", o.ranks, count);
  section.value("bank_groups", o.bank_groups, count);
  section.value("banks_per_group", o.banks_per_group, count);
  section.value("rows", o.rows, {.low = 1, .high = 1 << 30});
  section.value("row_bytes", o.row_bytes, count);
  section.value("width_bits", o.width_bits, {.low = 8, .high = 4096});
  section.value("burst_beats", o.burst_beats, count);
  section.value("burst_cycles", o.burst_cycles, count);
  section.value("dual_command", o.dual_command);
}

void describe(Section& section, DramTiming& t) {
  const Range cycles{.low = 0, .high = 1e5}, some{.low = 1, .high = 1e5},
      interval{.low = 1, .high = 2e9};
  section.value("cl", t.cl, some);
  section.value("cwl", t.cwl, some);
  section.value("rcd_read", t.rcd_read, some);
  section.value("rcd_write", t.rcd_write, some);
  section.value("rp", t.rp, some);
  section.value("ras", t.ras, some);
  section.value("rc", t.rc, some);
  section.value("ccd_s", t.ccd_s, some);
  section.value("ccd_l", t.ccd_l, some);
  section.value("rrd_s", t.rrd_s, some);
  section.value("rrd_l", t.rrd_l, some);
  section.value("faw", t.faw, some);
  section.value("wr", t.wr, cycles);
  section.value("rtp", t.rtp, cycles);
  section.value("wtr_s", t.wtr_s, cycles);
  section.value("wtr_l", t.wtr_l, cycles);
  section.value("rtrs", t.rtrs, cycles);
  section.value("ppd", t.ppd, cycles);
  section.value("rfc", t.rfc, some);
  section.value("refi", t.refi, interval);
  section.value("rfc_bank", t.rfc_bank, cycles);
  section.value("refi_bank", t.refi_bank, {.low = 0, .high = 2e9});
  section.value("rrefd", t.rrefd, cycles);
}

void describe(Section& section, ControllerCard& c) {
  section.value("read_queue", c.read_queue, {.low = 1, .high = 4096});
  section.value("bank_queue", c.bank_queue, {.low = 0, .high = 4096});
  section.value("write_queue", c.write_queue, {.low = 1, .high = 4096});
  section.value("drain_high", c.drain_high, {.low = 0, .high = 1, .open_low = true});
  section.value("drain_low", c.drain_low, fraction);
  section.value("row_hit_cap", c.row_hit_cap, {.low = 1, .high = 1e9});
  section.value("age_cap_cycles", c.age_cap_cycles, {.low = 0, .high = 1e9});
  section.value("pipeline_cycles", c.pipeline_cycles, {.low = 1, .high = 1000});
  section.value("requests_per_cycle", c.requests_per_cycle, {.low = 1, .high = 1024});
  section.choice("selection", c.selection,
                 {{"oldest", Selection::oldest}, {"round_robin", Selection::round_robin}});
  section.choice(
      "write_drain", c.write_drain,
      {{"watermarks", WriteDrain::watermarks}, {"bank_queues", WriteDrain::bank_queues}});
  section.choice("page", c.page, {{"open", PagePolicy::open}, {"closed", PagePolicy::closed}});
}

void describe(Section& section, DramCurrents& c) {
  section.value("vdd_V", c.vdd_V, not_negative);
  section.value("idd0_mA", c.idd0, not_negative);
  section.value("idd2p_mA", c.idd2p, not_negative);
  section.value("idd2n_mA", c.idd2n, not_negative);
  section.value("idd3p_mA", c.idd3p, not_negative);
  section.value("idd3n_mA", c.idd3n, not_negative);
  section.value("idd4w_mA", c.idd4w, not_negative);
  section.value("idd4r_mA", c.idd4r, not_negative);
  section.value("idd5ab_mA", c.idd5ab, not_negative);
  section.value("idd6_mA", c.idd6, not_negative);
  section.value("devices_per_rank", c.devices_per_rank, {.low = 1, .high = 64});
}

void describe(Section& section, DramCard& card) {
  section.value("name", card.name);
  section.value("clock_ns", card.clock_ns, {.low = 1e-3, .high = 1e3});
  section.card("organization", card.organization);
  section.card("timing_cycles", card.timing);
  section.card("controller", card.controller);
  section.value("refresh", card.refresh);
  section.choice("refresh_mode", card.refresh_mode,
                 {{"all_bank", RefreshMode::all_bank}, {"per_bank", RefreshMode::per_bank}});
  section.value("mapping", card.mapping);
  section.card("currents", card.currents);
  section.value("io_pJ_per_bit", card.io_pJ_per_bit, not_negative);
  section.value("access_pJ_per_bit", card.access_pJ_per_bit, not_negative);
  section.value("background_mW", card.background_mW, not_negative);
  try {
    validate(card);
  } catch (const Error& error) {
    section.problem("", error.what());
  }
}

namespace {

/// Energies come from currents or from an all-in figure; keys of the other kind would be unread.
void validate_energies(const DramCard& card) {
  const DramCurrents& c = card.currents;
  const double least = std::min({c.idd0, c.idd2n, c.idd3n, c.idd4w, c.idd4r, c.idd5ab}),
               most = std::max({c.idd0, c.idd2p, c.idd2n, c.idd3p, c.idd3n, c.idd4w, c.idd4r,
                                c.idd5ab, c.idd6});
  require(c.vdd_V > 0 || most == 0,
          "currents have no vdd_V, so no energy follows from them (give vdd_V, or leave the "
          "currents out)");
  require(
      c.vdd_V == 0 || least > 0,
      "currents with a vdd_V need idd0_mA, idd2n_mA, idd3n_mA, idd4w_mA, idd4r_mA and idd5ab_mA "
      "(one of them is 0, its energy would be wrong)");
  require(c.vdd_V == 0 || std::min({c.idd4r, c.idd4w, c.idd5ab}) >= c.idd3n,
          "DRAM currents contradict themselves (idd4r, idd4w and idd5ab cannot lie below idd3n)");
  require(c.vdd_V == 0 || (card.access_pJ_per_bit == 0 && card.background_mW == 0),
          "access_pJ_per_bit and background_mW are for devices without currents, and this card has "
          "currents (leave one of the two out, or set currents.vdd_V and the currents to 0)");
}

}  // namespace

void validate(const DramCard& card) {
  const DramOrganization& o = card.organization;
  const DramTiming& t = card.timing;
  for (const std::int64_t size :
       {std::int64_t{o.channels}, std::int64_t{o.pseudo_channels}, std::int64_t{o.ranks},
        std::int64_t{o.bank_groups}, std::int64_t{o.banks_per_group}, o.rows,
        std::int64_t{o.row_bytes}, std::int64_t{o.width_bits}, std::int64_t{o.burst_beats}})
    require(std::has_single_bit(static_cast<std::uint64_t>(size)),
            "DRAM organization has a size of {} (every size must be a power of two, addresses are "
            "cut into bits)",
            size);
  require(o.row_bytes >= o.atom_bytes(), "row_bytes {} is less than one burst of {} bytes",
          o.row_bytes, o.atom_bytes());
  const double banks = static_cast<double>(o.ranks) * o.bank_groups * o.banks_per_group;
  const double units = static_cast<double>(o.channels) * o.pseudo_channels;
  require(units <= 1024 && banks <= 4096 && units * banks <= 65536,
          "DRAM has more than 1024 channels, 4096 banks a channel or 65536 banks in all");
  require(units * banks * static_cast<double>(o.rows) * o.row_bytes <= 0x1p60,
          "DRAM holds more than 2^60 bytes");
  require(t.rc >= t.ras && t.ccd_l >= t.ccd_s && t.rrd_l >= t.rrd_s && t.wtr_l >= t.wtr_s,
          "DRAM timing contradicts itself (rc >= ras, ccd_l >= ccd_s, rrd_l >= rrd_s and wtr_l >= "
          "wtr_s must hold)");
  require(card.controller.drain_low < card.controller.drain_high,
          "drain_low must lie below drain_high");
  require(card.controller.write_drain == WriteDrain::watermarks || card.controller.bank_queue > 0,
          "write_drain bank_queues needs a bank_queue of at least 1 (0 goes with write_drain "
          "watermarks)");
  if (card.refresh && card.refresh_mode == RefreshMode::all_bank)
    require(std::int64_t{t.refi} > std::int64_t{t.rtp} + t.rp + t.rfc + t.rcd_read,
            "refi {} leaves no time between refreshes (rtp + rp + rfc + rcd_read is {})", t.refi,
            std::int64_t{t.rtp} + t.rp + t.rfc + t.rcd_read);
  if (card.refresh && card.refresh_mode == RefreshMode::per_bank)
    require(t.rfc_bank > 0 && t.refi_bank > t.rrefd &&
                std::int64_t{t.refi_bank} * o.banks() >
                    std::int64_t{t.rtp} + t.rp + t.rfc_bank + t.rcd_read,
            "refresh_mode per_bank needs rfc_bank and a refi_bank that leaves time between "
            "refreshes (rfc_bank is {}, rrefd {}, refi_bank {})",
            t.rfc_bank, t.rrefd, t.refi_bank);
  validate_energies(card);
  AddressMapping check(card);
}

DramCard read_dram(const Tree& tree, Tree* resolved) {
  const Tree* inner = tree.find("dram");
  return read_card<DramCard>(inner != nullptr ? *inner : tree, resolved);
}

}  // namespace lightloom::memory

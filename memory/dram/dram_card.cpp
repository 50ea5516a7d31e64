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
  section.value("burst_span_cycles", o.burst_span_cycles, {.low = 0, .high = 1 << 20});
  section.value("dual_command", o.dual_command);
  section.value("shared_channel", o.shared_channel);
  section.value("merging_writes", o.merging_writes);
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
  section.value("ccd_l_wr", t.ccd_l_wr, cycles);
  section.value("ccd_l_wr2", t.ccd_l_wr2, cycles);
  section.value("rrd_s", t.rrd_s, some);
  section.value("rrd_l", t.rrd_l, some);
  section.value("faw", t.faw, some);
  section.value("aw32", t.aw32, cycles);
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

void describe(Section& section, DramRail& r) {
  section.value("name", r.name);
  section.value("voltage_V", r.voltage_V, positive);
  section.value("i0_mA", r.i0, not_negative);
  section.value("i2n_mA", r.i2n, not_negative);
  section.value("i3n_mA", r.i3n, not_negative);
  section.value("i4w_mA", r.i4w, not_negative);
  section.value("i4r_mA", r.i4r, not_negative);
  section.value("i5ab_mA", r.i5ab, not_negative);
  for (const char* needed :
       {"voltage_V", "i0_mA", "i2n_mA", "i3n_mA", "i4w_mA", "i4r_mA", "i5ab_mA"})
    section.must_have(needed);
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
  section.sections("rails", [&](Section& inner, std::size_t index) {
    if (index >= c.rails.size()) c.rails.resize(index + 1);
    describe(inner, c.rails[index]);
  });
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
                 {{"all_bank", RefreshMode::all_bank},
                  {"per_bank", RefreshMode::per_bank},
                  {"same_bank", RefreshMode::same_bank}});
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
  require(c.vdd_V > 0 || c.rails.empty(),
          "currents have rails and no vdd_V, so no energy follows from them (give vdd_V and its "
          "currents, or leave the rails out)");
  require(c.vdd_V == 0 || std::min({c.idd4r, c.idd4w, c.idd5ab}) >= c.idd3n,
          "DRAM currents contradict themselves (idd4r, idd4w and idd5ab cannot lie below idd3n)");
  for (const DramRail& r : c.rails)
    require(std::min({r.i4r, r.i4w, r.i5ab}) >= r.i3n,
            "currents of rail '{}' contradict themselves (i4r, i4w and i5ab cannot lie below i3n)",
            r.name);
  require(c.vdd_V == 0 || (card.access_pJ_per_bit == 0 && card.background_mW == 0),
          "access_pJ_per_bit and background_mW are for devices without currents, and this card has "
          "currents (leave one of the two out, or set currents.vdd_V and the currents to 0)");
}

void validate_sizes(const DramOrganization& o) {
  for (const std::int64_t size :
       {std::int64_t{o.channels}, std::int64_t{o.pseudo_channels}, std::int64_t{o.ranks},
        std::int64_t{o.bank_groups}, std::int64_t{o.banks_per_group}, std::int64_t{o.row_bytes},
        std::int64_t{o.width_bits}, std::int64_t{o.burst_beats}})
    require(std::has_single_bit(static_cast<std::uint64_t>(size)),
            "DRAM organization has a size of {} (every size but `rows` must be a power of two, "
            "addresses are cut into bits)",
            size);
  require(o.row_bytes >= o.atom_bytes(), "row_bytes {} is less than one burst of {} bytes",
          o.row_bytes, o.atom_bytes());
  const double banks = static_cast<double>(o.ranks) * o.bank_groups * o.banks_per_group;
  const double units = static_cast<double>(o.channels) * o.pseudo_channels;
  require(units <= 1024 && banks * o.units_together() <= 4096 && units * banks <= 65536,
          "DRAM has more than 1024 channels, 4096 banks a channel or 65536 banks in all");
  require(units * banks * static_cast<double>(o.rows) * o.row_bytes <= 0x1p60,
          "DRAM holds more than 2^60 bytes");
}

/// Bursts in two halves leave room for exactly one half between.
void validate_bursts(const DramCard& card) {
  const DramOrganization& o = card.organization;
  if (o.span_cycles() == o.burst_cycles) return;
  require(2 * (std::int64_t{o.burst_span_cycles} - o.burst_cycles) == o.burst_cycles,
          "burst_span_cycles is {} and burst_cycles {} (a burst in two halves spans one and a half "
          "times its cycles; 0: in one piece)",
          o.burst_span_cycles, o.burst_cycles);
  require(o.bank_groups > 1 && card.timing.ccd_l >= o.burst_span_cycles &&
              card.write_ccd_l() >= o.burst_span_cycles && card.timing.ccd_s <= o.burst_cycles / 2,
          "a burst in two halves needs bank groups, a ccd_l of at least burst_span_cycles and a "
          "ccd_s of at most half a burst (bank_groups is {}, ccd_l {}, ccd_s {})",
          o.bank_groups, card.timing.ccd_l, card.timing.ccd_s);
  require(o.units_together() == 1,
          "bursts in two halves on pseudo-channels that share a channel are not modelled (leave "
          "burst_span_cycles or shared_channel out)");
}

void validate_refresh(const DramCard& card) {
  const DramTiming& t = card.timing;
  if (!card.refresh) return;
  const std::int64_t around = std::int64_t{t.rtp} + t.rp + t.rcd_read;
  if (card.refresh_mode == RefreshMode::all_bank) {
    require(t.refi > around + t.rfc,
            "refi {} leaves no time between refreshes (rtp + rp + rfc + rcd_read is {})", t.refi,
            around + t.rfc);
    return;
  }
  const bool same = card.refresh_mode == RefreshMode::same_bank;
  const int apart = same ? std::max(t.rrefd, t.rfc_bank) : t.rrefd;
  require(t.rfc_bank > 0 && t.refi_bank > apart &&
              std::int64_t{t.refi_bank} * card.refresh_turns() > around + t.rfc_bank,
          "refresh_mode {} needs rfc_bank and a refi_bank that leaves time between refreshes "
          "(rfc_bank is {}, rrefd {}, refi_bank {})",
          same ? "same_bank" : "per_bank", t.rfc_bank, t.rrefd, t.refi_bank);
}

}  // namespace

void validate(const DramCard& card) {
  const DramTiming& t = card.timing;
  validate_sizes(card.organization);
  require(t.rc >= t.ras && t.ccd_l >= t.ccd_s && t.rrd_l >= t.rrd_s && t.wtr_l >= t.wtr_s,
          "DRAM timing contradicts itself (rc >= ras, ccd_l >= ccd_s, rrd_l >= rrd_s and wtr_l >= "
          "wtr_s must hold)");
  require(card.write_ccd_l() >= t.ccd_s,
          "DRAM timing contradicts itself (ccd_l_wr and ccd_l_wr2 must not lie below ccd_s)");
  validate_bursts(card);
  require(card.controller.drain_low < card.controller.drain_high,
          "drain_low must lie below drain_high");
  require(card.controller.write_drain == WriteDrain::watermarks || card.controller.bank_queue > 0,
          "write_drain bank_queues needs a bank_queue of at least 1 (0 goes with write_drain "
          "watermarks)");
  validate_refresh(card);
  validate_energies(card);
  AddressMapping check(card);
}

DramCard read_dram(const Tree& tree, Tree* resolved) {
  const Tree* inner = tree.find("dram");
  return read_card<DramCard>(inner != nullptr ? *inner : tree, resolved);
}

}  // namespace lightloom::memory

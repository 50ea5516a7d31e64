#include "tests/oracles/dram_checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <tuple>

namespace lightloom::memory {
namespace {

using Kind = DramCommandKind;

const char* kind_name(Kind kind) {
  switch (kind) {
    case Kind::activate:
      return "ACT";
    case Kind::precharge:
      return "PRE";
    case Kind::read:
      return "RD";
    case Kind::write:
      return "WR";
    case Kind::refresh:
      return "REF";
    case Kind::refresh_bank:
      return "REFpb";
    case Kind::refresh_same_bank:
      return "REFsb";
  }
  return "";
}

bool is_column(Kind kind) { return kind == Kind::read || kind == Kind::write; }

/// How near two commands lie to each other.
struct Relation {
  bool unit, rank, group, bank;
  bool number;  // the same place in a group of the same rank
};

/// The table of minimum spacings, row by row: cycles that have to lie between `a` and a later `b`,
/// 0 if none.
class SpacingTable {
 public:
  explicit SpacingTable(const DramCard& card)
      : t_(card.timing), bl_(card.organization.burst_cycles), span_(bl_) {
    if (card.organization.burst_span_cycles > 0) span_ = card.organization.burst_span_cycles;
    if (t_.ccd_l_wr == 0) t_.ccd_l_wr = t_.ccd_l;
    if (!card.organization.merging_writes && t_.ccd_l_wr2 > 0) t_.ccd_l_wr = t_.ccd_l_wr2;
    if (card.organization.bank_groups == 1) {
      t_.ccd_l = t_.ccd_l_wr = t_.ccd_s;
      t_.rrd_l = t_.rrd_s;
      t_.wtr_l = t_.wtr_s;
    }
  }

  [[nodiscard]] int between(Kind a, Kind b, Relation r) const {
    if (!r.unit) return 0;
    if (is_column(a) && is_column(b)) return columns(a, b, r);
    if (!r.rank) return 0;
    switch (a) {
      case Kind::activate:
        return after_activate(b, r);
      case Kind::precharge:
        return after_precharge(b, r);
      case Kind::read:
        return b == Kind::precharge && r.bank ? t_.rtp : 0;
      case Kind::write:
        return b == Kind::precharge && r.bank ? t_.cwl + span_ + t_.wr : 0;
      case Kind::refresh:
        return b == Kind::activate || b == Kind::refresh ? t_.rfc : 0;
      case Kind::refresh_bank:
        return after_bank_refresh(b, r);
      case Kind::refresh_same_bank:  // JESD79-5, table of refresh separations
        if (b == Kind::refresh_same_bank || b == Kind::refresh) return t_.rfc_bank;
        return b == Kind::activate ? (r.number ? t_.rfc_bank : t_.rrefd) : 0;
    }
    return 0;
  }

  [[nodiscard]] int span() const { return span_; }

  [[nodiscard]] int window() const {
    return std::max({t_.rfc, t_.rfc_bank, t_.rc, t_.faw, t_.ccd_l_wr,
                     t_.cwl + span_ + t_.wr + t_.rp, t_.cwl + span_ + t_.wtr_l}) +
           1;
  }

 private:
  [[nodiscard]] int columns(Kind a, Kind b, Relation r) const {
    const int burst = span_ == bl_ ? bl_ : bl_ / 2;  // halves: the data bus is looked at apart
    const int other = std::max(burst, t_.ccd_s);
    if (a == Kind::read && b == Kind::read)
      return r.group ? std::max(burst, t_.ccd_l) : r.rank ? other : span_ + t_.rtrs;
    if (a == Kind::write && b == Kind::write)
      return r.group ? std::max(burst, t_.ccd_l_wr) : r.rank ? other : span_;
    if (a == Kind::read) return std::max(1, t_.cl + span_ - t_.cwl + t_.rtrs);
    if (!r.rank) return t_.cwl + span_ + t_.rtrs - t_.cl;
    return t_.cwl + span_ + (r.group ? t_.wtr_l : t_.wtr_s);
  }
  [[nodiscard]] int after_activate(Kind b, Relation r) const {
    if (b == Kind::activate) return r.bank ? t_.rc : r.group ? t_.rrd_l : t_.rrd_s;
    if (b == Kind::refresh_same_bank) return r.number ? t_.rc : t_.rrd_l;
    if (!r.bank) return 0;
    if (b == Kind::read) return t_.rcd_read;
    if (b == Kind::write) return t_.rcd_write;
    if (b == Kind::precharge) return t_.ras;
    return 0;
  }
  [[nodiscard]] int after_precharge(Kind b, Relation r) const {
    if (b == Kind::precharge) return r.bank ? 0 : t_.ppd;
    if (b == Kind::refresh) return t_.rp;
    if (b == Kind::refresh_same_bank) return r.number ? t_.rp : 0;
    return r.bank && (b == Kind::activate || b == Kind::refresh_bank) ? t_.rp : 0;
  }
  [[nodiscard]] int after_bank_refresh(Kind b, Relation r) const {
    if (r.bank && (b == Kind::activate || b == Kind::refresh_bank)) return t_.rfc_bank;
    return b == Kind::activate || b == Kind::refresh_bank ? t_.rrefd : 0;
  }

  DramTiming t_;
  int bl_, span_;
};

class Replay {
 public:
  Replay(const DramCard& card, std::span<const DramCommand> commands, std::size_t limit)
      : card_(card), table_(card), commands_(commands), limit_(limit) {}

  std::vector<std::string> run() {
    for (std::size_t i = 0; i < commands_.size() && found_.size() < limit_; ++i) {
      check_order(i);
      check_spacing(i);
      check_activate_window(i, 4, card_.timing.faw);
      check_activate_window(i, 32, card_.timing.aw32);
      check_data_bus(i);
      follow_banks(i);
    }
    return std::move(found_);
  }

 private:
  using BankKey = std::tuple<int, int, int, int>;

  void report(std::size_t i, const std::string& text) {
    const DramCommand& c = commands_[i];
    found_.push_back(fmt::format("cycle {}: {} to rank {} group {} bank {} {}", c.cycle,
                                 kind_name(c.kind), c.rank, c.bank_group, c.bank, text));
  }

  [[nodiscard]] static Relation relation(const DramCommand& a, const DramCommand& b) {
    const bool unit = a.pseudo_channel == b.pseudo_channel, rank = unit && a.rank == b.rank,
               group = rank && a.bank_group == b.bank_group;
    return {unit, rank, group, group && a.bank == b.bank, rank && a.bank == b.bank};
  }

  void check_order(std::size_t i) {
    if (i == 0) return;
    const DramCommand &a = commands_[i - 1], &b = commands_[i];
    if (b.cycle < a.cycle) report(i, "lies before its predecessor");
    const bool share = b.cycle == a.cycle &&
                       (!card_.organization.dual_command || is_column(a.kind) == is_column(b.kind));
    if (share) report(i, "shares its cycle with another command on the same pins");
    const bool three = i > 1 && commands_[i - 2].cycle == b.cycle;
    if (three) report(i, "is the third command of its cycle");
  }

  void check_spacing(std::size_t i) {
    const DramCommand& b = commands_[i];
    for (std::size_t j = i; j-- > 0 && commands_[j].cycle > b.cycle - table_.window();) {
      const DramCommand& a = commands_[j];
      const int needed = table_.between(a.kind, b.kind, relation(a, b));
      if (b.cycle - a.cycle < needed)
        report(i, fmt::format("comes {} cycles after {} to group {} bank {} (at least {})",
                              b.cycle - a.cycle, kind_name(a.kind), a.bank_group, a.bank, needed));
    }
  }

  void check_activate_window(std::size_t i, int most, int window) {
    const DramCommand& b = commands_[i];
    if (b.kind != Kind::activate) return;
    int inside = 0;
    for (std::size_t j = i; j-- > 0 && commands_[j].cycle > b.cycle - window;)
      if (commands_[j].kind == Kind::activate && relation(commands_[j], b).rank) ++inside;
    if (inside >= most)
      report(i, fmt::format("is the ACT after {} within {} cycles", most, window));
  }

  [[nodiscard]] Cycle data_from(const DramCommand& c) const {
    return c.cycle + (c.kind == Kind::read ? card_.timing.cl : card_.timing.cwl);
  }

  /// Whether two bursts whose data begin so far apart meet: of one piece, or of two halves.
  [[nodiscard]] bool bursts_meet(Cycle apart) const {
    const DramOrganization& o = card_.organization;
    const bool whole = o.burst_span_cycles == 0;
    const Cycle piece = whole ? o.burst_cycles : o.burst_cycles / 2;
    const Cycle second = whole ? 0 : o.burst_span_cycles - piece;
    for (const Cycle shift : {-second, Cycle{0}, second})
      if (std::abs(apart + shift) < piece) return true;
    return false;
  }

  void check_data_bus(std::size_t i) {
    const DramCommand& b = commands_[i];
    if (!is_column(b.kind)) return;
    const Cycle reach = Cycle{card_.timing.cl} + card_.timing.cwl + 2 * table_.span();
    for (std::size_t j = i; j-- > 0 && commands_[j].cycle > b.cycle - reach;) {
      const DramCommand& a = commands_[j];
      if (!is_column(a.kind) || !relation(a, b).unit) continue;
      if (bursts_meet(data_from(b) - data_from(a)))
        report(i, fmt::format("puts data on a bus that {} of cycle {} uses", kind_name(a.kind),
                              a.cycle));
    }
  }

  void follow_banks(std::size_t i) {
    const DramCommand& c = commands_[i];
    std::optional<std::int64_t>& row = open_[{c.pseudo_channel, c.rank, c.bank_group, c.bank}];
    switch (c.kind) {
      case Kind::activate:
        if (row) report(i, "opens a bank that is open");
        row = c.row;
        break;
      case Kind::precharge:
        row.reset();
        break;
      case Kind::read:
      case Kind::write:
        if (row != c.row) report(i, fmt::format("needs row {} open", c.row));
        break;
      case Kind::refresh:
      case Kind::refresh_same_bank:
        for (const auto& [key, open] : open_)
          if (std::get<0>(key) == c.pseudo_channel && std::get<1>(key) == c.rank && open &&
              (c.kind == Kind::refresh || std::get<3>(key) == c.bank))
            report(i, "finds an open bank");
        break;
      case Kind::refresh_bank:
        if (row) report(i, "finds its bank open");
        break;
    }
  }

  const DramCard& card_;
  SpacingTable table_;
  std::span<const DramCommand> commands_;
  std::size_t limit_;
  std::map<BankKey, std::optional<std::int64_t>> open_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> check_commands(const DramCard& card, std::span<const DramCommand> commands,
                                        std::size_t limit) {
  return Replay(card, commands, limit).run();
}

}  // namespace lightloom::memory

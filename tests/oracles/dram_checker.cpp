#include "tests/oracles/dram_checker.hpp"

#include <fmt/format.h>

#include <algorithm>
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
  }
  return "";
}

bool is_column(Kind kind) { return kind == Kind::read || kind == Kind::write; }

/// How near two commands lie to each other.
struct Relation {
  bool rank, group, bank;
};

/// The table of minimum spacings, row by row: cycles that have to lie between `a` and a later `b`,
/// 0 if none.
class SpacingTable {
 public:
  explicit SpacingTable(const DramCard& card)
      : t_(card.timing), bl_(card.organization.burst_cycles) {
    if (card.organization.bank_groups == 1) {
      t_.ccd_l = t_.ccd_s;
      t_.rrd_l = t_.rrd_s;
      t_.wtr_l = t_.wtr_s;
    }
  }

  [[nodiscard]] int between(Kind a, Kind b, Relation r) const {
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
        return b == Kind::precharge && r.bank ? t_.cwl + bl_ + t_.wr : 0;
      case Kind::refresh:
        return b == Kind::activate || b == Kind::refresh ? t_.rfc : 0;
      case Kind::refresh_bank:
        return after_bank_refresh(b, r);
    }
    return 0;
  }

  [[nodiscard]] int window() const {
    return std::max({t_.rfc, t_.rfc_bank, t_.rc, t_.faw, t_.cwl + bl_ + t_.wr + t_.rp,
                     t_.cwl + bl_ + t_.wtr_l}) +
           1;
  }

 private:
  [[nodiscard]] int columns(Kind a, Kind b, Relation r) const {
    const int same = std::max(bl_, r.group ? t_.ccd_l : t_.ccd_s);
    if (a == Kind::read && b == Kind::read) return r.rank ? same : bl_ + t_.rtrs;
    if (a == Kind::write && b == Kind::write) return r.rank ? same : bl_;
    if (a == Kind::read) return std::max(1, t_.cl + bl_ - t_.cwl + t_.rtrs);
    if (!r.rank) return t_.cwl + bl_ + t_.rtrs - t_.cl;
    return t_.cwl + bl_ + (r.group ? t_.wtr_l : t_.wtr_s);
  }
  [[nodiscard]] int after_activate(Kind b, Relation r) const {
    if (b == Kind::activate) return r.bank ? t_.rc : r.group ? t_.rrd_l : t_.rrd_s;
    if (!r.bank) return 0;
    if (b == Kind::read) return t_.rcd_read;
    if (b == Kind::write) return t_.rcd_write;
    if (b == Kind::precharge) return t_.ras;
    return 0;
  }
  [[nodiscard]] int after_precharge(Kind b, Relation r) const {
    if (b == Kind::precharge) return r.bank ? 0 : t_.ppd;
    if (b == Kind::refresh) return t_.rp;
    return r.bank && (b == Kind::activate || b == Kind::refresh_bank) ? t_.rp : 0;
  }
  [[nodiscard]] int after_bank_refresh(Kind b, Relation r) const {
    if (r.bank && (b == Kind::activate || b == Kind::refresh_bank)) return t_.rfc_bank;
    return b == Kind::activate || b == Kind::refresh_bank ? t_.rrefd : 0;
  }

  DramTiming t_;
  int bl_;
};

class Replay {
 public:
  Replay(const DramCard& card, std::span<const DramCommand> commands, std::size_t limit)
      : card_(card), table_(card), commands_(commands), limit_(limit) {}

  std::vector<std::string> run() {
    for (std::size_t i = 0; i < commands_.size() && found_.size() < limit_; ++i) {
      check_order(i);
      check_spacing(i);
      check_four_activates(i);
      follow_banks(i);
    }
    return std::move(found_);
  }

 private:
  using BankKey = std::tuple<int, int, int>;

  void report(std::size_t i, const std::string& text) {
    const DramCommand& c = commands_[i];
    found_.push_back(fmt::format("cycle {}: {} to rank {} group {} bank {} {}", c.cycle,
                                 kind_name(c.kind), c.rank, c.bank_group, c.bank, text));
  }

  [[nodiscard]] static Relation relation(const DramCommand& a, const DramCommand& b) {
    const bool rank = a.rank == b.rank, group = rank && a.bank_group == b.bank_group;
    return {rank, group, group && a.bank == b.bank};
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

  void check_four_activates(std::size_t i) {
    const DramCommand& b = commands_[i];
    if (b.kind != Kind::activate) return;
    int inside = 0;
    for (std::size_t j = i; j-- > 0 && commands_[j].cycle > b.cycle - card_.timing.faw;)
      if (commands_[j].kind == Kind::activate && commands_[j].rank == b.rank) ++inside;
    if (inside > 3) report(i, fmt::format("is the fifth ACT within {} cycles", card_.timing.faw));
  }

  void follow_banks(std::size_t i) {
    const DramCommand& c = commands_[i];
    std::optional<std::int64_t>& row = open_[{c.rank, c.bank_group, c.bank}];
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
        for (const auto& [key, open] : open_)
          if (std::get<0>(key) == c.rank && open) report(i, "finds an open bank");
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

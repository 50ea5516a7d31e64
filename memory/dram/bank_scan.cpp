#include "memory/dram/bank_scan.hpp"

#include <algorithm>

namespace lightloom::memory {
namespace {

constexpr int key_bits = 18;   // banks, or ages, in a key
constexpr int place_bits = 2;  // of a wish among those of its bank
constexpr Cycle places = (Cycle{1} << place_bits) - 1;
constexpr Cycle order_mask = (Cycle{1} << key_bits) - 1;
constexpr Cycle far = never << key_bits;

/// The smallest element.
template <class Lanes>
Cycle lowest(const Lanes& v) {
  const Cycle a = std::min(v[0], v[1]), b = std::min(v[2], v[3]), c = std::min(v[4], v[5]),
              d = std::min(v[6], v[7]);
  return std::min(std::min(a, b), std::min(c, d));
}

}  // namespace

BankScan::BankScan(const Layout& layout, int wishes)
    : stride_((layout.banks + lanes - 1) / lanes * lanes),
      several_units_(layout.per_unit < layout.banks),
      banks_(static_cast<std::size_t>(stride_ / lanes)),
      wishes_(static_cast<std::size_t>(std::int64_t{stride_} / lanes * wishes)) {
  for (Wishes& block : wishes_) block.ready += never;
  int bank = 0;
  for (Banks& block : banks_)
    for (int i = 0; i < lanes; ++i, ++bank) {
      block.number[i] = bank;
      block.group[i] = bank / layout.per_group;
      block.rank[i] = bank / layout.per_rank;
      block.unit[i] = bank / layout.per_unit;
    }
}

void BankScan::forbid(DramCommandKind kind, int bank, const ByDistance& before) {
  if (several_units_) {
    forbid_in_unit(kind, bank, before);
    return;
  }
  const Banks& from = banks_of(bank);
  const Cycle group = from.group[bank % lanes], rank = from.rank[bank % lanes];
  const Lanes own = Lanes{} + before.own_group, same = Lanes{} + before.same_rank,
              other = Lanes{} + before.other_rank;
  for (Banks& block : banks_) {
    Lanes& limit = block.limit[static_cast<std::size_t>(kind)];
    const Lanes elsewhere = block.rank == rank ? same : other;
    const Lanes earliest = block.group == group ? own : elsewhere;
    limit = limit > earliest ? limit : earliest;
  }
}

void BankScan::forbid_in_unit(DramCommandKind kind, int bank, const ByDistance& before) {
  const Banks& from = banks_of(bank);
  const Cycle group = from.group[bank % lanes], rank = from.rank[bank % lanes],
              unit = from.unit[bank % lanes];
  const Lanes none{}, own = none + before.own_group, same = none + before.same_rank,
                      other = none + before.other_rank;
  for (Banks& block : banks_) {
    Lanes& limit = block.limit[static_cast<std::size_t>(kind)];
    const Lanes outside = block.unit == unit ? other : none;
    const Lanes elsewhere = block.rank == rank ? same : outside;
    const Lanes earliest = block.group == group ? own : elsewhere;
    limit = limit > earliest ? limit : earliest;
  }
}

template <class Order>
BankScan::Keys BankScan::smallest(Cycle row_bus, Cycle column_bus, const Order& order) const {
  Lanes row_keys = Lanes{} + far, column_keys = row_keys;
  const Lanes none = row_keys;
  const std::size_t count = banks_.size();
  for (std::size_t place = 0; place * count < wishes_.size(); ++place) {
    if (wanted_[place] == 0) continue;
    for (std::size_t b = 0; b < count; ++b) {
      const Wishes& block = wishes_[place * count + b];
      const Banks& banks = banks_[b];
      const auto row = block.kind < 2;
      const Lanes row_rule = block.kind == 0 ? banks.limit[0] : banks.limit[1];
      const Lanes column_rule = block.kind == 2 ? banks.limit[2] : banks.limit[3];
      const Lanes rule = row ? row_rule : column_rule;
      const Lanes bus = row ? Lanes{} + row_bus : Lanes{} + column_bus;
      const Lanes legal = block.ready > rule ? block.ready : rule;
      const Lanes start = legal > bus ? legal : bus;
      Lanes key = start << key_bits;
      order(key, block, banks, static_cast<Cycle>(place));
      const Lanes as_row = row ? key : none, as_column = row ? none : key;
      row_keys = as_row < row_keys ? as_row : row_keys;
      column_keys = as_column < column_keys ? as_column : column_keys;
    }
  }
  return {lowest(row_keys), lowest(column_keys)};
}

BankScan::Firsts BankScan::first_in_turn(Cycle row_bus, Cycle column_bus, int last_bank) const {
  const Cycle count = stride_, last = last_bank;
  const Keys keys = smallest(
      row_bus, column_bus, [&](Lanes& key, const Wishes&, const Banks& banks, Cycle place) {
        const Lanes behind = banks.number - last - 1;
        key |= (behind + (behind >= 0 ? Lanes{} : Lanes{} + count)) << place_bits | place;
      });
  const auto found = [&](Cycle key) {
    if (key >= far) return First{};
    const Cycle bank = ((key & order_mask) >> place_bits) + last + 1;
    return First{key >> key_bits,
                 static_cast<int>((bank >= count ? bank - count : bank) + (key & places) * count)};
  };
  return {found(keys.row), found(keys.column)};
}

BankScan::Firsts BankScan::first_by_age(Cycle row_bus, Cycle column_bus,
                                        std::uint64_t newest) const {
  const auto now = static_cast<Cycle>(newest);
  const Keys keys =
      smallest(row_bus, column_bus, [&](Lanes& key, const Wishes& block, const Banks&, Cycle) {
        const Lanes behind = now - block.age;
        key |= order_mask - (behind < order_mask ? behind : Lanes{} + order_mask);
      });
  return {aged(keys.row, row_bus, false, newest), aged(keys.column, column_bus, true, newest)};
}

/// The first wish with this key.
BankScan::First BankScan::aged(Cycle key, Cycle bus, bool column, std::uint64_t newest) const {
  if (key >= far) return {};
  for (int wish = 0; wish < static_cast<int>(wishes_.size()) * lanes; ++wish) {
    const Wishes& block = wishes_of(wish);
    const int i = wish % lanes;
    const auto kind = static_cast<std::size_t>(block.kind[i]);
    const Cycle behind = static_cast<Cycle>(newest) - block.age[i];
    const Cycle start = std::max({block.ready[i], banks_of(wish).limit[kind][i], bus});
    if ((kind >= 2) == column &&
        key == (start << key_bits | (order_mask - std::min(behind, order_mask))))
      return {key >> key_bits, wish};
  }
  return {};
}

}  // namespace lightloom::memory

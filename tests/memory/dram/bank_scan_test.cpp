#include "memory/dram/bank_scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "memory/traffic/request_source.hpp"

namespace lightloom::memory {
namespace {

constexpr int banks = 20, banks_per_group = 5, banks_per_rank = 10, wishes = 2;
constexpr BankScan::Layout layout{banks, banks_per_group, banks_per_rank, banks};

struct Wish {
  int bank = 0, place = 0;
  DramCommandKind kind = DramCommandKind::activate;
  Cycle ready = never;
  std::uint64_t age = 0;
  [[nodiscard]] bool column() const {
    return kind == DramCommandKind::read || kind == DramCommandKind::write;
  }
};

struct Rule {
  DramCommandKind kind;
  int bank;
  Cycle own_group, same_rank, other_rank;
};

/// When a wish can start, rule by rule.
Cycle start_of(const Wish& wish, const std::vector<Rule>& rules, Cycle bus) {
  Cycle start = std::max(wish.ready, bus);
  for (const Rule& rule : rules) {
    if (rule.kind != wish.kind) continue;
    const bool group = wish.bank / banks_per_group == rule.bank / banks_per_group,
               rank = wish.bank / banks_per_rank == rule.bank / banks_per_rank;
    start = std::max(start, group ? rule.own_group : rank ? rule.same_rank : rule.other_rank);
  }
  return start;
}

class Reference {
 public:
  explicit Reference(std::uint64_t seed) : seed_(seed * 1000), scan_(layout, wishes) {
    for (int place = 0; place < wishes; ++place)
      for (int bank = 0; bank < banks; ++bank) {
        if (below(3) == 0) continue;  // wants nothing
        const Wish wish{.bank = bank,
                        .place = place,
                        .kind = static_cast<DramCommandKind>(below(4)),
                        .ready = 100 + below(6),
                        .age = static_cast<std::uint64_t>(1 + below(1000))};
        wishes_.push_back(wish);
        scan_.want(bank + place * scan_.stride(), wish.kind, wish.ready, wish.age);
      }
    for (int i = 0; i < 5; ++i) {
      const Rule rule{static_cast<DramCommandKind>(below(4)), below(banks), 98 + below(8),
                      98 + below(8), 98 + below(8)};
      rules_.push_back(rule);
      scan_.forbid(rule.kind, rule.bank, {rule.own_group, rule.same_rank, rule.other_rank});
    }
  }
  int below(int n) { return static_cast<int>(splitmix64(seed_++) % static_cast<std::uint64_t>(n)); }

  /// The first of one bus by (start, order of equals).
  template <class Order>
  BankScan::First first(bool column, Cycle bus, const Order& order) const {
    BankScan::First best;
    auto least = std::make_tuple(never, std::int64_t{0}, 0);
    for (const Wish& wish : wishes_) {
      if (wish.column() != column) continue;
      const auto key = std::make_tuple(start_of(wish, rules_, bus), order(wish), wish.place);
      if (best.wish >= 0 && key >= least) continue;
      least = key;
      best = {std::get<0>(key), wish.bank + wish.place * scan_.stride()};
    }
    return best;
  }

  std::uint64_t seed_;
  BankScan scan_;
  std::vector<Wish> wishes_;
  std::vector<Rule> rules_;
};

void expect_same(const BankScan::First& found, const BankScan::First& wanted, std::uint64_t seed) {
  EXPECT_EQ(found.ready, wanted.ready) << seed;
  EXPECT_EQ(found.wish, wanted.wish) << seed;
}

TEST(BankScan, FindsWhatALoopOverBanksFindsInTurn) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Reference reference(seed);
    const Cycle row_bus = 99 + reference.below(5), column_bus = 99 + reference.below(5);
    const int last = reference.below(banks + 1) - 1;
    const auto turn = [&](const Wish& wish) {
      return std::int64_t{wish.bank - last - 1 + (wish.bank <= last ? 1000 : 0)};
    };
    const BankScan::Firsts found = reference.scan_.first_in_turn(row_bus, column_bus, last);
    expect_same(found.row, reference.first(false, row_bus, turn), seed);
    expect_same(found.column, reference.first(true, column_bus, turn), seed);
  }
}

TEST(BankScan, FindsWhatALoopOverBanksFindsByAge) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Reference reference(seed);
    const Cycle row_bus = 99 + reference.below(5), column_bus = 99 + reference.below(5);
    const auto age = [](const Wish& wish) { return static_cast<std::int64_t>(wish.age); };
    const BankScan::Firsts found = reference.scan_.first_by_age(row_bus, column_bus, 1000);
    for (const bool column : {false, true}) {
      const BankScan::First& one = column ? found.column : found.row;
      const BankScan::First wanted = reference.first(column, column ? column_bus : row_bus, age);
      EXPECT_EQ(one.ready, wanted.ready) << seed;
      EXPECT_EQ(one.wish < 0, wanted.wish < 0) << seed;
      if (one.wish < 0) continue;
      const auto age_of = [&](int number) {
        for (const Wish& wish : reference.wishes_)
          if (wish.bank + wish.place * reference.scan_.stride() == number) return wish.age;
        return std::uint64_t{0};
      };
      EXPECT_EQ(age_of(one.wish), age_of(wanted.wish)) << seed;  // equal ages: any of them
    }
  }
}

TEST(BankScan, WithoutWishesNothingGoes) {
  const BankScan scan(layout, 1);
  EXPECT_EQ(scan.stride() % 8, 0);
  EXPECT_GE(scan.stride(), banks);
  const BankScan::Firsts found = scan.first_in_turn(0, 0, -1);
  EXPECT_EQ(found.row.wish, -1);
  EXPECT_GE(found.column.ready, never);
}

}  // namespace
}  // namespace lightloom::memory

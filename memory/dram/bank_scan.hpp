#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "memory/dram/dram_command.hpp"

namespace lightloom::memory {

/// The command that every bank of a (pseudo-)channel wants next and the rules between banks, laid
/// out so that one pass over whole vector registers finds the commands that can go first.
class BankScan {
  static constexpr int lanes = 8;
  using Lanes = Cycle __attribute__((vector_size(8 * lanes)));

 public:
  /// How banks are numbered: those of a group, a rank and a pseudo-channel follow each other.
  struct Layout {
    int banks = 0, per_group = 0, per_rank = 0, per_unit = 0;
  };

  /// Every bank may want `wishes` commands, at most four: number bank + stride() * i is its i-th.
  /// The later ones cost time only while some bank has one.
  BankScan(const Layout& layout, int wishes);

  /// Banks, rounded up to whole registers.
  [[nodiscard]] int stride() const { return stride_; }

  /// Wish number `wish` is a command of `kind` (activate to write), by its own rules from `ready`
  /// on; `age` is that of the request behind it.
  void want(int wish, DramCommandKind kind, Cycle ready, std::uint64_t age) {
    Wishes& block = wishes_of(wish);
    int& wanted = wanted_[static_cast<std::size_t>(wish / stride_)];
    wanted += (ready < never ? 1 : 0) - (block.ready[wish % lanes] < never ? 1 : 0);
    block.ready[wish % lanes] = ready;
    block.kind[wish % lanes] = static_cast<Cycle>(kind);
    block.age[wish % lanes] = static_cast<Cycle>(age);
  }

  /// Cycles by distance from a bank: its own group, the other groups of its rank, other ranks of
  /// its pseudo-channel (other pseudo-channels obey no rule).
  struct ByDistance {
    Cycle own_group = 0, same_rank = 0, other_rank = 0;
  };
  /// No command of `kind` before these cycles.
  void forbid(DramCommandKind kind, int bank, const ByDistance& before);

  struct First {
    Cycle ready = never;
    int wish = -1;  // its number
  };
  struct Firsts {
    First row, column;  // of activates and precharges, of reads and writes
  };
  /// The commands that can go first on buses free from these cycles on; of equals the one of the
  /// bank that comes first in turn after `last_bank`.
  [[nodiscard]] Firsts first_in_turn(Cycle row_bus, Cycle column_bus, int last_bank) const;
  /// The same; of equals the one with the smallest age (`newest`: no age is larger).
  [[nodiscard]] Firsts first_by_age(Cycle row_bus, Cycle column_bus, std::uint64_t newest) const;

 private:
  struct Banks {
    Lanes number, group, rank, unit;
    std::array<Lanes, 4> limit;  // by kind: earliest by rules between banks
  };
  struct Wishes {
    Lanes ready, kind, age;
  };
  /// Smallest `start << key_bits | order` of row and of column commands.
  struct Keys {
    Cycle row, column;
  };
  [[nodiscard]] Wishes& wishes_of(int wish) {
    return wishes_[static_cast<std::size_t>(wish / lanes)];
  }
  [[nodiscard]] const Wishes& wishes_of(int wish) const {
    return wishes_[static_cast<std::size_t>(wish / lanes)];
  }
  [[nodiscard]] const Banks& banks_of(int wish) const {
    return banks_[static_cast<std::size_t>(wish % stride_ / lanes)];
  }
  void forbid_in_unit(DramCommandKind kind, int bank, const ByDistance& before);
  template <class Order>
  [[nodiscard]] Keys smallest(Cycle row_bus, Cycle column_bus, const Order& order) const;
  [[nodiscard]] First aged(Cycle key, Cycle bus, bool column, std::uint64_t newest) const;

  int stride_;
  bool several_units_;
  std::vector<Banks> banks_;
  std::vector<Wishes> wishes_;   // the i-th of all banks, then the next
  std::array<int, 4> wanted_{};  // banks that have an i-th wish
};

}  // namespace lightloom::memory

#include "memory/dram/address_mapping.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "tests/memory/presets.hpp"

namespace lightloom::memory {
namespace {

/// The field `bits` of an address, low and high bit included.
std::uint64_t cut(std::uint64_t address, int low, int high) {
  return address >> low & ((std::uint64_t{1} << (high - low + 1)) - 1);
}

std::uint64_t random_address(std::uint64_t n) {
  return Stream({.seed = 3, .purpose = Purpose::test}).below(std::uint64_t{1} << 33, n);
}

// Bit tables of docs/models/memory/dram.md#address-mapping.
TEST(AddressMapping, CutsTheBitsOfTheComparedConfigurations) {
  const AddressMapping column_low(preset("ddr4-2400", {"mapping=rochrababgco"}));
  const AddressMapping group_low(preset("ddr4-2400", {"mapping=rorabachcobg"}));
  const AddressMapping two_ranks(
      preset("ddr4-2400", {"mapping=rochrababgco", "organization.ranks=2"}));
  const AddressMapping hbm(preset("hbm2", {"mapping=rorabgbachco"}));
  for (std::uint64_t n = 0; n < 1000; ++n) {
    const std::uint64_t a = random_address(n);
    const DramAddress c = column_low.decode(a), g = group_low.decode(a), r = two_ranks.decode(a),
                      h = hbm.decode(a);
    ASSERT_EQ(c.column, cut(a, 6, 12));
    ASSERT_EQ(c.bank_group, cut(a, 13, 14));
    ASSERT_EQ(c.bank, cut(a, 15, 16));
    ASSERT_EQ(c.row, cut(a, 17, 32));
    ASSERT_EQ(g.bank_group, cut(a, 6, 7));
    ASSERT_EQ(g.column, cut(a, 8, 14));
    ASSERT_EQ(r.rank, cut(a, 17, 17));
    ASSERT_EQ(r.row, cut(a, 18, 33));
    ASSERT_EQ(h.column, cut(a, 6, 10));
    ASSERT_EQ(h.unit, cut(a, 11, 13));
    ASSERT_EQ(h.bank_group, cut(a, 16, 17));
    ASSERT_EQ(h.row, cut(a, 18, 32));
  }
}

TEST(AddressMapping, EncodeUndoesDecodeForEveryKindOfMapping) {
  for (const std::string text :
       {"rorabachcobg", "rochrababgco", "roco5rabachbgco2", "rorabachcobg^bg=ro^ba=ro2"}) {
    const AddressMapping mapping(preset("ddr4-2400", {"mapping=" + text}));
    for (std::uint64_t n = 0; n < 1000; ++n) {
      const std::uint64_t a = random_address(n) & ~std::uint64_t{63};
      ASSERT_EQ(mapping.encode(mapping.decode(a)), a) << text;
    }
  }
}

TEST(AddressMapping, AHashSpreadsARowStrideOverTheBankGroups) {
  const AddressMapping plain(preset("ddr4-2400")),
      hashed(preset("ddr4-2400", {"mapping=rorabachcobg^bg=ro"}));
  for (std::uint64_t row = 0; row < 8; ++row) {
    EXPECT_EQ(plain.decode(row << 17).bank_group, 0);
    EXPECT_EQ(hashed.decode(row << 17).bank_group, static_cast<int>(row % 4));
  }
}

TEST(AddressMapping, RefusesMissingRepeatedAndUnknownFields) {
  for (const std::string text :
       {"rorabachco", "rorabachcobgbg", "rorabachcobgxx", "rorabachco3bg", "rorabachcobg^bg", "r"})
    EXPECT_THROW(preset("ddr4-2400", {"mapping=" + text}), Error) << text;
}

}  // namespace
}  // namespace lightloom::memory

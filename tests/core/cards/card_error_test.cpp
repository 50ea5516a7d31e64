#include "core/cards/card_error.hpp"

#include <gtest/gtest.h>

#include "core/cards/card.hpp"

namespace lightloom {
namespace {

struct ThreeKeys {
  double length_um = 1, share = 0.5;
  int count = 1;
};
void describe(Section& section, ThreeKeys& card) {
  section.value("length_um", card.length_um, positive);
  section.value("share", card.share, fraction);
  section.value("count", card.count);
}

TEST(CardError, HoldsEveryProblemOfACardAndTheirTextOneALine) {
  const Tree tree = parse_yaml("{length_um: -1, share: 0.5, coutn: 3}", "three.yaml");
  try {
    read_card<ThreeKeys>(tree);
    FAIL() << "a wrong card was read";
  } catch (const CardError& error) {
    ASSERT_EQ(error.problems().size(), 2U);
    EXPECT_EQ(error.what(), error.problems()[0] + "\n" + error.problems()[1]);
    EXPECT_NE(error.problems()[0].find("length_um"), std::string::npos);
    EXPECT_NE(error.problems()[1].find("did you mean 'count'?"), std::string::npos);
  }
}

}  // namespace
}  // namespace lightloom

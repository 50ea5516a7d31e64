#include "nn/mixture/cost_hinges.hpp"

#include <gtest/gtest.h>

namespace lightloom::nn {
namespace {

TEST(CostHinges, StrengthsAreTheTasksLossPerExcessAtTheStart) {
  EXPECT_DOUBLE_EQ(hinge_strength(2, 30, 10), 0.1);
  EXPECT_EQ(hinge_strength(2, 10, 10), 0) << "a target already met exerts no force";
  EXPECT_EQ(hinge_strength(2, 9, 10), 0);
  EXPECT_EQ(hinge_strength(-1, 30, 10), 0);
}

// By hand, s = 0.1 and n = 10: 0.001 + 0.99 e 0.1 / 5, at most 0.1.
TEST(CostHinges, StrengthsRiseFromAHundredthToAllAtHalfTheEpochs) {
  const double expected[] = {0.001, 0.0208, 0.0406, 0.0604, 0.0802, 0.1, 0.1, 0.1, 0.1, 0.1};
  for (int e = 0; e < 10; ++e) {
    EXPECT_NEAR(strength_at(Strengths::annealed, 0.1, e, 10), expected[e], 1e-15) << e;
    EXPECT_EQ(strength_at(Strengths::constant, 0.1, e, 10), 0.1);
  }
  EXPECT_NEAR(strength_at(Strengths::annealed, 0.1, 1, 3), 0.067, 1e-15);
}

/// Two layers of three and two candidates; equal shares cost 8 + 6 = 14 and 0.6 + 0.4 = 1.
CostHinges two_costs(Strengths strengths, MetTargets met = MetTargets::free) {
  return CostHinges({{.name = "bytes", .layers = {{4, 8, 12}, {2, 10}}, .target = 10},
                     {.name = "time", .layers = {{0.3, 0.6, 0.9}, {0.3, 0.5}}, .target = 0.8}},
                    {.epochs = 10, .strengths = strengths, .met_targets = met});
}
const Shares equal_shares{{1 / 3., 1 / 3., 1 / 3.}, {0.5, 0.5}};

TEST(CostHinges, ValueIsTheSumOfWhatIsAboveTheTargets) {
  CostHinges hinges = two_costs(Strengths::constant);
  hinges.start(2, equal_shares);
  EXPECT_NEAR(hinges.strengths(0)[0], 0.5, 1e-12);
  EXPECT_NEAR(hinges.strengths(0)[1], 10, 1e-11);
  EXPECT_NEAR(hinges.value(equal_shares, 0), 4, 1e-12) << "each hinge begins as large as the loss";
  const Shares dear_bytes{{0, 1, 0}, {0.5, 0.5}}, cheap{{1, 0, 0}, {1, 0}};
  EXPECT_NEAR(hinges.value(dear_bytes, 0), 0.5 * 4 + 10 * 0.2, 1e-12);
  EXPECT_EQ(hinges.value(cheap, 0), 0);
}

TEST(CostHinges, ATargetThatIsMetIsFreeOrHeldByTheDearestCandidates) {
  const Shares cheap{{1, 0, 0}, {1, 0}};  // 6 and 0.6; the dearest 22 and 1.4
  CostHinges free = two_costs(Strengths::constant),
             held = two_costs(Strengths::constant, MetTargets::held);
  free.start(2, cheap);
  held.start(2, cheap);
  EXPECT_EQ(free.full_strengths(), (std::vector<double>{0, 0}));
  EXPECT_NEAR(held.full_strengths()[0], 2 / 12., 1e-12);
  EXPECT_NEAR(held.full_strengths()[1], 2 / 0.6, 1e-12);
  held.start(2, equal_shares);
  EXPECT_NEAR(held.full_strengths()[0], 0.5, 1e-12) << "not met: by the start";
}

TEST(CostHinges, GradientsAreThoseOfTheValueAndNoneBelowTheTarget) {
  CostHinges hinges = two_costs(Strengths::annealed);
  hinges.start(2, equal_shares);
  // Bytes above their target and time below.
  const Shares at{{0.6, 0.05, 0.35}, {0.1, 0.9}};
  ASSERT_GT(hinges.costs(at)[0], 10);
  Shares below_time = at;
  below_time[1] = {0.95, 0.05};
  for (const Shares& shares : {at, equal_shares}) {
    for (std::size_t l = 0; l < shares.size(); ++l) {
      std::vector<double> gradient(shares[l].size());
      hinges.add_gradient(shares, 2, l, gradient);
      for (std::size_t c = 0; c < gradient.size(); ++c) {
        Shares up = shares, down = shares;
        up[l][c] += 1e-4;
        down[l][c] -= 1e-4;
        const double difference = (hinges.value(up, 2) - hinges.value(down, 2)) / 2e-4;
        EXPECT_NEAR(gradient[c], difference, 1e-9) << l << " " << c;
      }
    }
  }
  std::vector<double> none(2);
  hinges.add_gradient({{1, 0, 0}, {1, 0}}, 9, 1, none);
  EXPECT_EQ(none, (std::vector<double>{0, 0}));
}

}  // namespace
}  // namespace lightloom::nn

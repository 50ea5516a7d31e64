#include "calibration/pull_study.hpp"

#include <gtest/gtest.h>

#include "core/cards/tree.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

/// Small chips; none can be fitted with fewer settings than unknowns.
Tree card_of(int settings) {
  Tree card = Tree::mapping();
  set_at(card, "chip.modes", Tree::of(std::string("4")), ".");
  set_at(card, "settings", Tree::of(std::to_string(settings)), ".");
  return card;
}

/// Cancels once it has heard of so many chips.
class Impatient : public ProgressSink {
 public:
  explicit Impatient(std::int64_t chips) : chips_(chips) {}
  void report(const ProgressReport& report) override { done_ = report.done; }
  [[nodiscard]] bool cancelled() const override { return done_ >= chips_; }

 private:
  std::int64_t chips_, done_ = 0;
};

TEST(PullStudy, ReportsEveryChipAndStopsWhereItIsCancelled) {
  Impatient one(1), all(3);
  EXPECT_NO_THROW(study_pulls(card_of(2), 7, 3, all));
  EXPECT_TRUE(all.cancelled());
  try {
    study_pulls(card_of(2), 7, 3, one);
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(std::string(failure.what()), "interrupted after 1 chips");
  }
}

TEST(PullStudy, IsAFunctionOfTheSeedAndNamesWhatWasRefused) {
  const PullStudy both = study_pulls(card_of(30), 40, 2), second = study_pulls(card_of(30), 41, 1);
  ASSERT_EQ(both.chips.size(), 2u);
  EXPECT_TRUE(both.refused.empty());
  EXPECT_EQ(both.chi2_per_dof[1], second.chi2_per_dof[0]);
  EXPECT_EQ(both.chips[1][0].pulls, second.chips[0][0].pulls);
  EXPECT_NE(both.chips[0][0].pulls, both.chips[1][0].pulls);
  const PullStudy none = study_pulls(card_of(2), 7, 1);
  EXPECT_TRUE(none.chips.empty());
  ASSERT_EQ(none.refused.size(), 1u);
  EXPECT_EQ(none.refused[0].rfind("seed 7: ", 0), 0u) << none.refused[0];
}

}  // namespace
}  // namespace lightloom::calibration

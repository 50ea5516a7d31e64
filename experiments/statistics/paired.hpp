#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "experiments/statistics/interval.hpp"
#include "experiments/statistics/outcomes.hpp"

namespace lightloom::experiments {

/// Images that only the first, or only the second of two networks has right.
struct Discordant {
  std::int64_t only_first = 0, only_second = 0;
};
Discordant discordant(const Outcomes& first, const Outcomes& second);

/// McNemar's two-sided p (Psychometrika 12, 153 (1947)) that both are right equally often: the
/// exact binomial one for at most `exact_up_to` discordant images; beyond, the mid-p, which has its
/// level where the exact one is too cautious (Fagerland et al., BMC Med. Res. Methodol. 13, 91
/// (2013)). 1 for none.
inline constexpr std::int64_t exact_up_to = 25;
double mcnemar_p(const Discordant& counts);

/// Tango's (Stat. Med. 17, 891 (1998)) 95 % score interval of the difference of two shares of the
/// same `images` images. Also where no image tells them apart: +-z^2 / (images + z^2).
Interval paired_interval(const Discordant& counts, std::size_t images);

/// Which statement a comparison allows.
enum class Covers {
  other_images,            // of these two networks or chips
  other_chips_and_images,  // of chips like these
};

/// How much more often the first of two is right on the same images.
struct Difference {
  double value = 0;         // first minus second, in [-1, 1]
  Interval interval = {};   // 95 %
  Interval bootstrap = {};  // the same by resampling; known for several chips
  double p = 1;             // two-sided, of no difference
  Discordant counts = {};   // over all chips
  std::size_t chips = 0;    // pairs compared; 1 for digital networks
  Covers covers = Covers::other_images;
  std::string method = {};
};

struct Resampling {
  std::uint64_t seed = 0;
  int draws = 2000;  // 0: no bootstrap
};

/// Compares chips (or one digital network: one row) on the same images, paired by image and by
/// number of the chip; one row stands against all of the other, and of two sets of several chips as
/// many as both have. One pair: McNemar and Tango. Several: Student's t of an analysis of variance
/// of the differences by chips and images, and percentiles of a bootstrap that draws images and
/// chips together (Owen, Ann. Appl. Stat. 1, 386 (2007)); with few chips the latter is too narrow.
/// Where all chips differ by the same there is nothing to tell of other chips: it covers other
/// images only. A pure function on any number of threads. Throws `Error` for other numbers of
/// images.
Difference compare(std::span<const Outcomes> first, std::span<const Outcomes> second,
                   const Resampling& resampling);

}  // namespace lightloom::experiments

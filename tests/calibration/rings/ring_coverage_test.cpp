// Hundreds of spectra as laboratories measure them, through their files.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "calibration/rings/ring_fit.hpp"
#include "calibration/tables/spectrum_table.hpp"
#include "tests/oracles/laboratory_spectra.hpp"

namespace lightloom::calibration {
namespace {

using oracle::LaboratorySpectrum;
using oracle::TrueLine;

/// What the fit of one spectrum says of its lines.
struct Outcome {
  std::size_t fitted = 0, inside = 0;  // lines, and those whose interval holds the true Q
  std::size_t found = 0, all = 0;      // true lines
  bool named = false;                  // there is a problem in words

  /// Four lines in five are covered, and half of all are found.
  [[nodiscard]] bool covered() const {
    return fitted > 0 && 5 * inside >= 4 * fitted && 2 * found >= all;
  }
};

const TrueLine* nearest(const std::vector<TrueLine>& lines, double nm) {
  const auto found =
      std::min_element(lines.begin(), lines.end(), [nm](const TrueLine& a, const TrueLine& b) {
        return std::abs(a.centre_nm - nm) < std::abs(b.centre_nm - nm);
      });
  return found != lines.end() && std::abs(found->centre_nm - nm) < found->width_nm ? &*found
                                                                                   : nullptr;
}

Outcome outcome_of(std::uint64_t seed, std::uint64_t draw) {
  const LaboratorySpectrum truth = oracle::laboratory_spectrum(seed, draw);
  const Spectrum read =
      spectrum_from(read_lab_table(oracle::laboratory_file(truth, seed, draw), "file.csv"), {});
  EXPECT_EQ(read.power.size(), truth.power.size()) << truth.nuisances;
  const RingFit fit = fit_ring(read.wavelength_nm, read.power);
  Outcome outcome{.fitted = fit.resonances.size(), .all = truth.lines.size(), .named = !fit.good()};
  for (const Resonance& line : fit.resonances) {
    const TrueLine* own = nearest(truth.lines, line.centre_nm);
    if (own == nullptr) continue;
    ++outcome.found;
    if (line.quality_low <= own->quality && own->quality <= line.quality_high) ++outcome.inside;
  }
  return outcome;
}

TEST(SlowRingSpectra, OfAHundredWithAllNuisancesNinetyAreCoveredAndTheOthersNamed) {
  std::size_t quiet = 0, quiet_inside = 0;  // lines of spectra of which no problem is named
  int covered = 0, silent = 0;
  constexpr int sets = 5, spectra = 100;
  for (std::uint64_t set = 0; set < sets; ++set) {
    int of_set = 0;
    for (std::uint64_t draw = 0; draw < spectra; ++draw) {
      const Outcome one = outcome_of(3101 + set, draw);
      of_set += one.covered() ? 1 : 0;
      silent += !one.covered() && !one.named ? 1 : 0;
      if (one.named) continue;
      quiet += one.fitted;
      quiet_inside += one.inside;
    }
    RecordProperty("covered_of_set_" + std::to_string(set), of_set);
    covered += of_set;
  }
  RecordProperty("silent", silent);
  EXPECT_GE(covered, sets * 90);
  // Where nothing is named the intervals hold as often as they say, within four standard errors.
  const double share = static_cast<double>(quiet_inside) / static_cast<double>(quiet);
  EXPECT_GT(share, 0.95 - 4 * std::sqrt(0.95 * 0.05 / static_cast<double>(quiet)));
  // A spectrum of four lines fails by chance when one does, 19 times in a hundred.
  EXPECT_LE(silent, sets * spectra / 50);
}

TEST(LongRingSpectra, FilesOfAnyLayoutHoldTheSpectrumThatWasWritten) {
  for (std::uint64_t draw = 0; draw < 40; ++draw) {
    const LaboratorySpectrum truth = oracle::laboratory_spectrum(77, draw);
    const Spectrum read =
        spectrum_from(read_lab_table(oracle::laboratory_file(truth, 77, draw), "file.csv"), {});
    ASSERT_EQ(read.power.size(), truth.power.size()) << draw;
    for (std::size_t i = 0; i < read.power.size(); i += 7) {
      ASSERT_NEAR(read.wavelength_nm[i], truth.wavelength_nm[i], 1e-8 * truth.wavelength_nm[i]);
      // Thousandths of a decibel; files in watts and no other unit are read in mW as well.
      ASSERT_NEAR(read.power[i] / truth.power[i], 1, 2e-4) << draw;
    }
  }
}

}  // namespace
}  // namespace lightloom::calibration

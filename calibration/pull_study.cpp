#include "calibration/pull_study.hpp"

#include <fmt/format.h>

#include "calibration/calibrate.hpp"
#include "calibration/hidden_measurement.hpp"
#include "core/cards/card.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

/// Adds one chip. Throws `Error` where the fit refuses its data.
void add_chip(Tree card, std::uint64_t seed, PullStudy& study) {
  set_at(card, "seed", Tree::of(fmt::format("{}", seed)), ".");
  const HiddenChip hidden = hidden_chip(card);
  const Measurements data = measure_in_laboratory(hidden).data;
  const FitResult fit = calibrate(hidden.shape, data, hidden.card.fit).fit;
  study.chips.push_back(pulls_of(hidden.shape, fit, hidden.parameters));
  study.chi2_per_dof.push_back(fit.chi2_per_dof());
  study.held_out_chi2.push_back(fit.held_out.chi2_per_reading);
}

}  // namespace

PullStudy study_pulls(const Tree& card, std::uint64_t first_seed, int count,
                      ProgressSink& progress) {
  PullStudy study;
  Progress fitted(progress, "chips fitted", count, "chips");
  for (int c = 0; c < count; ++c) {
    if (progress.cancelled()) throw Failure(fmt::format("interrupted after {} chips", c));
    const std::uint64_t seed = first_seed + static_cast<std::uint64_t>(c);
    try {
      add_chip(card, seed, study);
    } catch (const Error& refusal) {
      study.refused.push_back(fmt::format("seed {}: {}", seed, refusal.what()));
    }
    fitted.advance(1, study.chi2_per_dof.empty()
                          ? ""
                          : fmt::format("chi^2/dof {:.3f}", study.chi2_per_dof.back()));
  }
  return study;
}

}  // namespace lightloom::calibration

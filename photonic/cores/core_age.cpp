#include "photonic/cores/core_age.hpp"

#include <cmath>

#include "core/error.hpp"

namespace lightloom::photonic {

CoreCard aged_core(CoreCard card, double age_s) {
  const CoreEntry& entry = core_entry(card.kind);
  require(std::isfinite(age_s) && age_s >= 0, "an age of {:g} s is none (give seconds from 0 on)",
          age_s);
  require(entry.age != nullptr || !card.measured.used(),
          "measured errors do not age (products were measured at one time, which says nothing of "
          "later ones: measure again, `lightloom calibrate products`, and run that card)");
  require(entry.age != nullptr, "a core of kind '{}' does not age (it is the same at any time)",
          card.kind);
  require(entry.age(card, age_s) != Ageing::none,
          "this core of kind '{}' does not age (its card leaves out what changes with time)",
          card.kind);
  entry.optics(card);  // refuses what the kind does not know at that age
  return card;
}

Ageing core_ageing(const CoreCard& card) {
  const CoreEntry& entry = core_entry(card.kind);
  CoreCard copy = card;
  return entry.age ? entry.age(copy, 0) : Ageing::none;
}

Ageing age_phases(CoreCard& card, double age_s) {
  DriftCard& drift = card.drift;
  if (drift.sigma_rad == 0 && drift.common_sigma_rad == 0) return Ageing::none;
  constexpr double most = 1e6, round_off = 1e-9;
  const double steps = std::round(age_s / drift.step_s);
  require(std::abs(steps * drift.step_s - age_s) <= round_off * age_s,
          "an age of {:g} s is no whole number of the drift's steps of {:g} s (choose another "
          "drift.step_s)",
          age_s, drift.step_s);
  require(steps <= most,
          "an age of {:g} s is more than {:g} of the drift's steps of {:g} s (choose "
          "a longer drift.step_s)",
          age_s, most, drift.step_s);
  drift.steps = static_cast<int>(steps);
  return Ageing::calibration;
}

}  // namespace lightloom::photonic

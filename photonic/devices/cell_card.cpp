#include "photonic/devices/cell_card.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace lightloom::photonic {
namespace {

void describe_programming(Section& section, CellFit& fit) {
  std::vector<CellProgramming> given;
  section.sections("programming", [&](Section& inner, std::size_t) {
    CellProgramming row;
    inner.value("after_s", row.after_s, not_negative);
    inner.value("sigma_uS", row.sigma_uS);
    inner.must_have("sigma_uS");
    if (!given.empty() && !(row.after_s > given.back().after_s))
      inner.problem("after_s", "is not later than that of the row before (rows go by time)");
    given.push_back(std::move(row));
  });
  if (section.has("programming")) fit.programming = std::move(given);
}

void describe_drift(Section& section, CellDrift& drift) {
  section.value("reference_s", drift.reference_s, not_negative);
  describe_law(section, "exponent", drift.exponent);
  describe_law(section, "exponent_sigma", drift.exponent_sigma);
  if (!drift.exponent.empty() && drift.reference_s == 0)
    section.problem("reference_s", "must be given with an exponent (drift is counted from it)");
}

void describe_reading(Section& section, CellReading& reading) {
  section.value("time_s", reading.time_s, not_negative);
  describe_law(section, "relative", reading.relative);
  if (!reading.relative.empty() && reading.time_s == 0)
    section.problem("time_s", "must be given with the noise (it grows from that time on)");
}

const CellFit& exact_cells() {
  static const CellFit fit{
      .devices = 1, .gmax_uS = 40, .programming = {}, .drift = {}, .reading = {}};
  return fit;
}

const CellFit* fit_of(const CellCard& card) {
  const auto found = std::ranges::find(card.fits, card.devices_per_polarity, &CellFit::devices);
  if (found != card.fits.end()) return &*found;
  return card.fits.empty() && card.devices_per_polarity == 1 ? &exact_cells() : nullptr;
}

std::string times_of(const CellFit& fit) {
  std::vector<std::string> times;
  for (const CellProgramming& row : fit.programming)
    times.push_back(fmt::format("{:g}", row.after_s));
  return fmt::format("{}", fmt::join(times, ", "));
}

/// The rows of a fit around an age, and the share of the later one.
struct Between {
  std::size_t before = 0, after = 0;
  double share_after = 0;
};

/// A fit with one row holds at every age: what time does is left to its drift.
Between rows_at(const CellFit& fit, const CellCard& card) {
  const std::vector<CellProgramming>& rows = fit.programming;
  if (rows.size() < 2) return {};
  const auto after = static_cast<std::size_t>(
      std::ranges::lower_bound(rows, card.elapsed_s, {}, &CellProgramming::after_s) - rows.begin());
  if (after < rows.size() && rows[after].after_s == card.elapsed_s) return {after, after, 0};
  if (after == 0) return {};
  if (after == rows.size()) return {after - 1, after - 1, 0};
  const double from = std::log(std::max(rows[after - 1].after_s, 1e-9));
  const double share = (std::log(card.elapsed_s) - from) / (std::log(rows[after].after_s) - from);
  if (card.other_times == CellCard::OtherTimes::interpolate) return {after - 1, after, share};
  const std::size_t near = share < 0.5 ? after - 1 : after;
  return {near, near, 0};
}

bool published(const CellFit& fit, const CellCard& card) {
  using enum CellCard::OtherTimes;
  const std::vector<CellProgramming>& rows = fit.programming;
  if (rows.size() < 2 || card.programming_scale == 0 || card.other_times == nearest) return true;
  if (card.other_times == interpolate)
    return card.elapsed_s >= rows.front().after_s && card.elapsed_s <= rows.back().after_s;
  return std::ranges::find(rows, card.elapsed_s, &CellProgramming::after_s) != rows.end();
}

std::string age_problem(const CellFit& fit, const CellCard& card) {
  const bool inside = card.other_times == CellCard::OtherTimes::interpolate;
  return fmt::format(
      "the spread of these cells was published for {} s after programming{}, not for {:g} s "
      "(take one of those times, or let other_times be {}nearest)",
      times_of(fit), inside ? " and is interpolated between them" : "", card.elapsed_s,
      inside ? "" : "interpolate or ");
}

void describe_making(Section& section, CellCard& card) {
  section.value("area_um2", card.area_um2, not_negative);
  section.value("write_energy_pJ", card.write_energy_pJ, not_negative);
  section.value("write_time_us", card.write_time_us, not_negative);
  section.value("write_iterations", card.write_iterations, not_negative);
  section.value("write_parallel", card.write_parallel, {.low = 1, .high = 1e9});
  section.value("read_voltage_V", card.read_voltage_V, not_negative);
  section.value("read_load", card.read_load, fraction);
}

void describe_layout(Section& section, CellCard& card) {
  section.value("devices_per_polarity", card.devices_per_polarity, {.low = 1, .high = 64});
  section.value("copies", card.copies, {.low = 1, .high = 64});
  section.value("slices", card.slices, {.low = 1, .high = 16});
  section.value("level_bits", card.level_bits, {.low = 0, .high = 12});
  section.value("gmin_uS", card.gmin_uS, not_negative);
  section.choice("idle", card.idle, {{"gmin", CellCard::Idle::gmin}, {"off", CellCard::Idle::off}});
  section.value("weight_clip_sigma", card.weight_clip_sigma, not_negative);
  section.choice("scale", card.scale,
                 {{"tile", CellCard::Scale::tile}, {"output", CellCard::Scale::output}});
}

}  // namespace

void describe(Section& section, CellFit& fit) {
  section.value("devices", fit.devices, {.low = 1, .high = 64});
  section.value("gmax_uS", fit.gmax_uS, positive);
  section.must_have("gmax_uS");
  describe_programming(section, fit);
  section.section("drift", [&](Section& inner) { describe_drift(inner, fit.drift); });
  section.section("reading", [&](Section& inner) { describe_reading(inner, fit.reading); });
}

void describe(Section& section, CellCard& card) {
  std::vector<CellFit> given;
  section.sections("fits", [&](Section& inner, std::size_t) {
    CellFit fit;
    describe(inner, fit);
    given.push_back(std::move(fit));
  });
  if (section.has("fits")) card.fits = std::move(given);
  describe_layout(section, card);
  section.value("programming_scale", card.programming_scale, not_negative);
  section.value("drift_scale", card.drift_scale, not_negative);
  section.value("read_scale", card.read_scale, not_negative);
  section.value("elapsed_s", card.elapsed_s, not_negative);
  section.choice("other_times", card.other_times,
                 {{"refuse", CellCard::OtherTimes::refuse},
                  {"nearest", CellCard::OtherTimes::nearest},
                  {"interpolate", CellCard::OtherTimes::interpolate}});
  section.value("compensate_drift", card.compensate_drift);
  section.value("stuck_low_fraction", card.stuck_low_fraction, fraction);
  section.value("stuck_high_fraction", card.stuck_high_fraction, fraction);
  section.value("integrator_noise", card.integrator_noise, not_negative);
  describe_making(section, card);
}

std::vector<std::string> cell_problems(const CellCard& card) {
  std::vector<std::string> problems;
  const CellFit* fit = fit_of(card);
  if (fit == nullptr) {
    std::vector<int> known;
    for (const CellFit& one : card.fits) known.push_back(one.devices);
    problems.push_back(fmt::format(
        "no fit is for {} devices of one polarity as one ({}; `copies` averages independent pairs)",
        card.devices_per_polarity,
        known.empty() ? "there are none: exact cells stand alone"
                      : fmt::format("those of the card are for {}", fmt::join(known, ", "))));
    return problems;
  }
  if (!published(*fit, card)) problems.push_back(age_problem(*fit, card));
  if (card.gmin_uS >= fit->gmax_uS)
    problems.push_back(fmt::format("gmin_uS {:g} is not below the fit's gmax_uS {:g}", card.gmin_uS,
                                   fit->gmax_uS));
  if (card.slices > 1 && card.level_bits == 0)
    problems.push_back(
        fmt::format("{} slices need level_bits above 0 (a digit has so many bits)", card.slices));
  if (card.slices * card.level_bits > 24)
    problems.push_back(fmt::format("{} slices of {} bits are more than the 24 of a weight",
                                   card.slices, card.level_bits));
  if (card.stuck_low_fraction + card.stuck_high_fraction > 1)
    problems.push_back("stuck_low_fraction and stuck_high_fraction are together more than 1");
  return problems;
}

bool cells_age(const CellCard& card) {
  const CellFit* fit = fit_of(card);
  if (fit == nullptr) return false;
  return (card.programming_scale > 0 && fit->programming.size() > 1) ||
         (card.drift_scale > 0 && !fit->drift.exponent.empty()) ||
         (card.read_scale > 0 && !fit->reading.relative.empty());
}

CellLaws::CellLaws(const CellCard& card)
    : programming_scale_(card.programming_scale),
      drift_scale_(card.drift_scale),
      read_growth_(0),
      elapsed_s_(card.elapsed_s) {
  const std::vector<std::string> problems = cell_problems(card);
  require(problems.empty(), "cells: {}", fmt::join(problems, "; "));
  fit_ = *fit_of(card);
  if (!fit_.programming.empty()) {
    const Between rows = rows_at(fit_, card);
    before_ = fit_.programming[rows.before].sigma_uS;
    after_ = fit_.programming[rows.after].sigma_uS;
    share_after_ = rows.share_after;
  }
  if (fit_.reading.time_s > 0)
    read_growth_ = card.read_scale *
                   reading_growth(card.elapsed_s + fit_.drift.reference_s, fit_.reading.time_s);
}

double CellLaws::programming_sigma_uS(double g_uS) const {
  const double x = g_uS / fit_.gmax_uS;
  const double first = std::max(0.0, polynomial_at(before_, x));
  if (share_after_ == 0) return programming_scale_ * first;
  const double second = std::max(0.0, polynomial_at(after_, x));
  return programming_scale_ * (first + share_after_ * (second - first));
}

bool CellLaws::drifts() const {
  return drift_scale_ > 0 && elapsed_s_ > 0 && !fit_.drift.exponent.empty();
}

CellLaws::Exponent CellLaws::drift_exponent(double g_uS) const {
  const double x = g_uS / fit_.gmax_uS;
  return {drift_scale_ * law_at(fit_.drift.exponent, x),
          drift_scale_ * law_at(fit_.drift.exponent_sigma, x)};
}

double CellLaws::share_left(double nu) const {
  return drifted_share(elapsed_s_, fit_.drift.reference_s, nu);
}

double CellLaws::read_sigma(double g_uS) const {
  if (read_growth_ == 0) return 0;
  return read_growth_ * law_at(fit_.reading.relative, g_uS / fit_.gmax_uS);
}

}  // namespace lightloom::photonic

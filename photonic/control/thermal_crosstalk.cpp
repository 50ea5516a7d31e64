#include "photonic/control/thermal_crosstalk.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "photonic/devices/angle.hpp"
#include "photonic/meshes/heater_places.hpp"

namespace lightloom::photonic {
namespace {

constexpr double turn = 2 * std::numbers::pi;

/// Guides of a mesh: heated arms in the order of shifters, and all victims in the order of
/// `induced`. Where a mode skips columns, its bare guide is part of the victim it leads to.
struct Layout {
  std::vector<Place> heaters;
  struct Victim {
    std::vector<Place> places;
    int own = -1;  // the shifter that sits on its first place, -1 for bare arms
  };
  std::vector<Victim> victims;
};

Layout make_layout(const Pitch& pitch, const Topology& topology) {
  const auto place = [&](int stage, int mode) { return guide_place(pitch, stage, mode); };
  const int cells = static_cast<int>(topology.cells.size());
  Layout layout;
  for (const Cell& cell : topology.cells)
    layout.heaters.push_back(place(theta_stage(cell), cell.top));
  for (const Cell& cell : topology.cells)
    layout.heaters.push_back(place(phi_stage(cell), cell.top));
  for (int m = 0; m < topology.modes; ++m)
    layout.heaters.push_back(place(screen_stage(topology), m));
  std::vector<int> from(static_cast<std::size_t>(topology.modes));  // next column of every mode
  // The guide of a mode from where it was last left to `half_column`, where something sits on it.
  const auto reach = [&](int half_column, int mode, int own) {
    Layout::Victim victim{.places = {place(half_column, mode)}, .own = own};
    int& half = from[static_cast<std::size_t>(mode)];
    for (; half < half_column; ++half) victim.places.push_back(place(half, mode));
    layout.victims.push_back(std::move(victim));
    half = half_column + 1;
  };
  for (int k = 0; k < cells; ++k) {
    const Cell& cell = topology.cells[static_cast<std::size_t>(k)];
    const auto at = static_cast<std::ptrdiff_t>(layout.victims.size());
    reach(phi_stage(cell), cell.top, cells + k);
    reach(phi_stage(cell), cell.bottom, -1);
    reach(theta_stage(cell), cell.top, k);
    reach(theta_stage(cell), cell.bottom, -1);
    // theta before phi
    std::rotate(layout.victims.begin() + at, layout.victims.begin() + at + 2, layout.victims.end());
  }
  for (int m = 0; m < topology.modes; ++m) reach(screen_stage(topology), m, 2 * cells + m);
  return layout;
}

/// Distance from which on a kernel's share is below its cutoff: shares fall with distance.
double reach_um(const CrosstalkCard& card) {
  double low = 0, high = 1;
  while (crosstalk_share(card, high) > card.cutoff) high *= 2;
  while (high - low > 1e-9 * high) {
    const double middle = (low + high) / 2;
    (crosstalk_share(card, middle) > card.cutoff ? low : high) = middle;
  }
  return high;
}

/// Heaters by the half column they sit in, which is what `x` counts.
std::vector<std::vector<int>> by_half_column(const Layout& layout, double half_um, int count) {
  std::vector<std::vector<int>> columns(static_cast<std::size_t>(count));
  for (std::size_t j = 0; j < layout.heaters.size(); ++j)
    columns[static_cast<std::size_t>(std::lround(layout.heaters[j].x_um / half_um))].push_back(
        static_cast<int>(j));
  return columns;
}

std::vector<double> joined(const MeshSettings& settings) {
  std::vector<double> all = settings.theta;
  all.insert(all.end(), settings.phi.begin(), settings.phi.end());
  all.insert(all.end(), settings.screen.begin(), settings.screen.end());
  return all;
}

}  // namespace

void describe(Section& section, CrosstalkCard& card) {
  section.choice("kernel", card.kernel,
                 {{"none", CrosstalkKernel::none},
                  {"exponential", CrosstalkKernel::exponential},
                  {"fitted", CrosstalkKernel::fitted}});
  section.value("strength", card.strength, {.low = 0, .high = 1});
  section.value("decay_um", card.decay_um, positive);
  section.value("cutoff", card.cutoff, positive);
  section.value("aware", card.aware);
}

double crosstalk_share(const CrosstalkCard& card, double d) {
  switch (card.kernel) {
    case CrosstalkKernel::none:
      return 0;
    case CrosstalkKernel::exponential:
      return card.strength * std::exp(-d / card.decay_um);
    case CrosstalkKernel::fitted: {
      // The polynomial has a minimum near 22 um and would rise again before the exponential takes
      // over at 23 um.
      const double near =
          1 + d * (-0.17601 + d * (9.896e-3 + d * (-8.296e-6 + d * (-1.558e-5 + d * 3.551e-7))));
      const double far = 0.21673 * std::exp(-0.12747 * d);
      const double at_join = 0.21673 * std::exp(-0.12747 * 23);
      return card.strength * (d < 23 ? (d < 20 ? near : std::max(near, at_join)) : far);
    }
  }
  return 0;
}

ThermalCrosstalk::ThermalCrosstalk(const CrosstalkCard& card, const Pitch& pitch,
                                   const Topology& topology)
    : topology_(topology) {
  if (card.kernel == CrosstalkKernel::none) return;
  const Layout layout = make_layout(pitch, topology);
  const double half_um = pitch.column_um / 2;
  const int halves = 2 * topology.columns + 1;
  const auto columns = by_half_column(layout, half_um, halves);
  const auto around = static_cast<int>(std::min(reach_um(card) / half_um + 1, halves * 1.0));
  starts_.push_back(0);
  for (const Layout::Victim& victim : layout.victims) {
    for (const Place& place : victim.places) {
      const int own = &place == victim.places.data() ? victim.own : -1;
      const auto at = static_cast<int>(std::lround(place.x_um / half_um));
      for (int h = std::max(0, at - around); h <= std::min(halves - 1, at + around); ++h)
        for (const int j : columns[static_cast<std::size_t>(h)]) {
          if (j == own) continue;
          const Place& heater = layout.heaters[static_cast<std::size_t>(j)];
          const double value = crosstalk_share(card, distance_um(place, heater));
          if (value > card.cutoff) shares_.push_back({j, value});
        }
    }
    starts_.push_back(shares_.size());
  }
}

std::vector<double> ThermalCrosstalk::induced(std::span<const double> set) const {
  std::vector<double> phases(starts_.size() - 1, 0.0);
  for (std::size_t v = 0; v < phases.size(); ++v)
    for (std::size_t s = starts_[v]; s < starts_[v + 1]; ++s)
      phases[v] += shares_[s].value * set[static_cast<std::size_t>(shares_[s].shifter)];
  return phases;
}

void ThermalCrosstalk::induce(const MeshSettings& set, Fabrication& fabrication,
                              std::vector<double>& screen) const {
  if (!active()) return;
  const std::size_t cells = topology_.cells.size();
  assert(fabrication.size() == cells);
  const std::vector<double> phases = induced(joined(set));
  for (std::size_t k = 0; k < cells; ++k) {
    fabrication[k].theta_top.phase_rad += phases[4 * k];
    fabrication[k].theta_bottom.phase_rad += phases[4 * k + 1];
    fabrication[k].phi_top.phase_rad += phases[4 * k + 2];
    fabrication[k].phi_bottom.phase_rad += phases[4 * k + 3];
  }
  for (std::size_t m = 0; m < screen.size(); ++m) screen[m] += phases[4 * cells + m];
}

MeshSettings ThermalCrosstalk::compensate(const MeshSettings& wanted) const {
  if (!active()) return wanted;
  const std::size_t cells = topology_.cells.size();
  std::vector<double> set = joined(wanted);
  for (double& phase : set) phase = held_phase(phase);
  constexpr int rounds = 60;
  for (int round = 0; round < rounds; ++round) {
    const std::vector<double> phases = induced(set);
    std::vector<double> next(set.size());
    std::vector<double> ahead(static_cast<std::size_t>(topology_.modes),
                              0.0);  // phase that each mode has too much
    for (std::size_t k = 0; k < cells; ++k) {
      double& top = ahead[static_cast<std::size_t>(topology_.cells[k].top)];
      double& bottom = ahead[static_cast<std::size_t>(topology_.cells[k].bottom)];
      next[k] = wanted.theta[k] - (phases[4 * k] - phases[4 * k + 1]);
      next[cells + k] = wanted.phi[k] - (top - bottom) - (phases[4 * k + 2] - phases[4 * k + 3]);
      top = bottom = bottom + phases[4 * k + 1] + phases[4 * k + 3];
    }
    for (std::size_t m = 0; m < ahead.size(); ++m)
      next[2 * cells + m] = wanted.screen[m] - ahead[m] - phases[4 * cells + m];
    double moved = 0;
    for (std::size_t s = 0; s < set.size(); ++s) {
      // Stay on the branch of the last round: a jump by a turn would move all neighbours.
      double value = next[s] + turn * std::round((set[s] - next[s]) / turn);
      if (value < 0) value += turn;
      if (value >= turn + heater_margin_rad) value -= turn;
      moved = std::max(moved, std::abs(value - set[s]));
      set[s] = value;
    }
    if (moved < 1e-14) break;
  }
  const auto part = [&](std::size_t from, std::size_t count) {
    return std::vector<double>(set.begin() + static_cast<std::ptrdiff_t>(from),
                               set.begin() + static_cast<std::ptrdiff_t>(from + count));
  };
  return {part(0, cells), part(cells, cells), part(2 * cells, wanted.screen.size())};
}

}  // namespace lightloom::photonic

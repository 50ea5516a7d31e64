#include "photonic/decomposition/compact.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <optional>

#include "photonic/decomposition/split_setting.hpp"
#include "photonic/devices/angle.hpp"

namespace lightloom::photonic {
namespace {

/// A compact device as i e^{i sum} diag(e^{ia}, e^{-ia}) [[s, c], [c, -s]] diag(e^{ib}, e^{-ib}),
/// sum the mean of its two phases: any SU(2) matrix has that form, and a = b = 0 without errors.
struct CompactDevice {
  SplitSetting split;
  double a = 0, b = 0;
};

/// How far to turn the leak of a clipped device whose weak elements have the modulus `leak` where
/// `wanted` is, and its strong ones `got` where `strong` is, for its real part to be right.
double leak_turn(double wanted, double strong, double leak, double got) {
  return std::acos(std::min(1.0, wanted * got / (leak * strong)));
}

CompactDevice matched(double theta, const MziErrors& errors, Leak leak) {
  const SplitterAngles e(errors);
  const double s = std::sin(theta / 2), c = std::cos(theta / 2);
  CompactDevice device{.split = match_powers(s * s, c * c, e)};
  const Complex bar(-device.split.c * e.s_plus, device.split.s * e.c_minus),
      cross(-device.split.s * e.s_minus, device.split.c * e.c_plus);
  // An element that is zero has no phase: that of an ideal device stands for it.
  const double quarter = std::numbers::pi / 2;
  double of_bar = bar == 0.0 ? 0 : std::arg(bar) - quarter,
         of_cross = cross == 0.0 ? 0 : std::arg(cross) - quarter;
  if (leak == Leak::quadrature && device.split.limit == Limit::cross)
    of_bar += leak_turn(s, c, std::abs(bar), std::abs(cross));
  if (leak == Leak::quadrature && device.split.limit == Limit::bar)
    of_cross += leak_turn(c, s, std::abs(cross), std::abs(bar));
  device.a = (of_bar + of_cross) / 2;
  device.b = (of_bar - of_cross) / 2;
  return device;
}

/// Where light on a guide comes from: a cell's upper (+1) or lower (-1) output, or the outside.
struct Source {
  int cell = -1;
  int side = 1;
};

/// Follows, along the order of light, by how much the light of the compact mesh is ahead of that of
/// the plain one on every guide. The sum of phases of a device is fixed only when a cell behind it
/// wants something of it.
class Advance {
 public:
  explicit Advance(const Topology& topology)
      : guides_(static_cast<std::size_t>(topology.modes)),
        behind_(topology.cells.size()),
        device_a_(topology.cells.size()) {}

  [[nodiscard]] bool is_free(int mode) const {
    const int cell = source(mode).cell;
    return cell >= 0 && !behind_[static_cast<std::size_t>(cell)];
  }
  /// Phase ahead on a guide. Its source must not be free.
  [[nodiscard]] double on(int mode) const {
    const Source from = source(mode);
    if (from.cell < 0) return 0;
    const auto cell = static_cast<std::size_t>(from.cell);
    return *behind_[cell] + from.side * device_a_[cell];
  }
  /// Fixes the free source of a guide so that its light is ahead by `phase`.
  void fix(int mode, double phase) {
    const Source from = source(mode);
    const auto cell = static_cast<std::size_t>(from.cell);
    assert(is_free(mode));
    behind_[cell] = wrap_phase(phase - from.side * device_a_[cell]);
  }
  /// Light of both modes of cell number k has passed it.
  void pass(const Cell& cell, int k, double device_a) {
    guides_[static_cast<std::size_t>(cell.top)] = {k, 1};
    guides_[static_cast<std::size_t>(cell.bottom)] = {k, -1};
    device_a_[static_cast<std::size_t>(k)] = device_a;
  }
  /// Phase ahead behind a cell, both outputs alike but for the device's errors; `otherwise` where
  /// nothing depends on it.
  double behind(int k, double otherwise) {
    auto& phase = behind_[static_cast<std::size_t>(k)];
    if (!phase) phase = otherwise;
    return *phase;
  }

 private:
  [[nodiscard]] Source source(int mode) const { return guides_[static_cast<std::size_t>(mode)]; }
  std::vector<Source> guides_;
  std::vector<std::optional<double>> behind_;
  std::vector<double> device_a_;
};

/// By how much the upper input of every cell shall be ahead of the lower one, and the shifters of
/// cells that need one of their own for it.
struct InputPhases {
  std::span<const double> wanted;
  std::vector<std::optional<double>>& outer;
};

/// Makes the light in front of the cells [first, last) of one column arrive as wanted, through the
/// devices before, else by a shifter of the cell's own. Cells whose
/// upper input is fixed already go first, from the top; then all others from the bottom. Which
/// cells are left with a shifter of their own does not depend on any phase.
void align(const Topology& topology, std::pair<int, int> cells, const InputPhases& phases,
           Advance& ahead) {
  const auto [first, last] = cells;
  const auto& [wanted, outer] = phases;
  std::vector<bool> done(static_cast<std::size_t>(last - first), false);
  for (int k = first; k < last; ++k) {
    const Cell& cell = topology.cells[static_cast<std::size_t>(k)];
    if (ahead.is_free(cell.top) || !ahead.is_free(cell.bottom)) continue;
    ahead.fix(cell.bottom, ahead.on(cell.top) - wanted[static_cast<std::size_t>(k)]);
    done[static_cast<std::size_t>(k - first)] = true;
  }
  for (int k = last - 1; k >= first; --k) {
    if (done[static_cast<std::size_t>(k - first)]) continue;
    const Cell& cell = topology.cells[static_cast<std::size_t>(k)];
    if (ahead.is_free(cell.bottom)) ahead.fix(cell.bottom, 0);
    const double top = ahead.on(cell.bottom) + wanted[static_cast<std::size_t>(k)];
    if (ahead.is_free(cell.top))
      ahead.fix(cell.top, top);
    else
      outer[static_cast<std::size_t>(k)] = wrap_phase(top - ahead.on(cell.top));
  }
}

struct Found {
  CorrectedSettings corrected;
  std::vector<std::optional<double>> outer;
};

Found find(const Topology& topology, const MeshSettings& ideal,
           std::span<const MziErrors> fabrication, Leak leak) {
  const std::size_t cells = topology.cells.size();
  Found found{.corrected = {.settings = zero_settings(topology)}, .outer{}};
  found.outer.resize(cells);
  std::vector<CompactDevice> devices;
  std::vector<double> wanted(cells), in_front(cells);
  for (std::size_t k = 0; k < cells; ++k) {
    devices.push_back(
        matched(ideal.theta[k], fabrication.empty() ? MziErrors{} : fabrication[k], leak));
    wanted[k] = ideal.phi[k] - 2 * devices[k].b;
    found.corrected.unreachable += devices[k].split.limit != Limit::none ? 1 : 0;
  }
  Advance ahead(topology);
  for (int column = 0; column < topology.columns; ++column) {
    const int first = topology.column_start[static_cast<std::size_t>(column)],
              last = topology.column_start[static_cast<std::size_t>(column) + 1];
    align(topology, {first, last}, {wanted, found.outer}, ahead);
    for (int k = first; k < last; ++k) {
      const auto cell = static_cast<std::size_t>(k);
      in_front[cell] = ahead.on(topology.cells[cell].bottom) - devices[cell].b;
      ahead.pass(topology.cells[cell], k, devices[cell].a);
    }
  }
  MeshSettings& settings = found.corrected.settings;
  for (std::size_t k = 0; k < cells; ++k) {
    // e^{i sum} brings the light from `in_front` to `behind`, besides the e^{i theta/2} of the
    // plain device.
    const double behind = ahead.behind(static_cast<int>(k), in_front[k]);
    const double sum = behind - in_front[k] + ideal.theta[k] / 2;
    const double half = std::atan2(devices[k].split.s, devices[k].split.c);
    settings.theta[k] = wrap_phase(sum + half);
    settings.phi[k] = wrap_phase(sum - half);
  }
  for (int m = 0; m < topology.modes; ++m)
    settings.screen[static_cast<std::size_t>(m)] =
        wrap_phase(ideal.screen[static_cast<std::size_t>(m)] - ahead.on(m));
  return found;
}

}  // namespace

CorrectedSettings compact_settings(const Topology& topology, const MeshSettings& ideal,
                                   std::span<const MziErrors> fabrication, Leak leak) {
  assert(fabrication.empty() || fabrication.size() == topology.cells.size());
  Found found = find(topology, ideal, fabrication, leak);
  for (const std::optional<double>& phase : found.outer)
    found.corrected.settings.outer.push_back(phase.value_or(0));
  return std::move(found.corrected);
}

std::vector<int> outer_shifters(const Topology& topology) {
  const Found found = find(topology, zero_settings(topology), {}, Leak::nearest);
  std::vector<int> cells;
  for (std::size_t k = 0; k < found.outer.size(); ++k)
    if (found.outer[k]) cells.push_back(static_cast<int>(k));
  return cells;
}

}  // namespace lightloom::photonic

#include "photonic/decomposition/local_correction.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <tuple>
#include <utility>

#include "photonic/decomposition/compact.hpp"
#include "photonic/decomposition/split_setting.hpp"
#include "photonic/devices/angle.hpp"

namespace lightloom::photonic {
namespace {

struct CellSetting {
  double s = 0, c = 1;  // sin and cos of theta/2
  Complex e_phi = 1;
  Limit limit = Limit::none;
};

/// Two elements of a device's matrix, in one row.
struct RowElements {
  Complex first, second;
};

/// The phi that turns the ratio of the first to the second (at phi = 0, phi turning the first) to
/// that of the targets.
CellSetting with_phase(const SplitSetting& split, const RowElements& at,
                       const RowElements& wanted) {
  const Complex ratio =
      mul(mul(at.second, std::conj(at.first)), mul(wanted.first, std::conj(wanted.second)));
  return {split.s, split.c, direction(ratio), split.limit};
}

/// theta, phi of an MZI with splitter errors whose T11 : T12 is that of the target
/// (docs/models/photonic/meshes.md#local-correction).
CellSetting match_ratio(Complex target_11, Complex target_12, const SplitterAngles& a) {
  const SplitSetting split = match_powers(std::norm(target_11), std::norm(target_12), a);
  const Complex top(-split.c * a.s_plus, split.s * a.c_minus),
      cross(-split.s * a.s_minus, split.c * a.c_plus);
  return with_phase(split, {top, cross}, {target_11, target_12});
}

/// The same for T21 : T22, which a crossing behind the MZI brings to the upper output; there what
/// leaks in its cross state is the device's own.
CellSetting match_lower_ratio(Complex target_21, Complex target_22, const SplitterAngles& a) {
  const SplitSetting split = match_powers(std::norm(target_22), std::norm(target_21), a);
  const Complex cross(split.s * a.s_minus, split.c * a.c_plus),
      bottom(-split.c * a.s_plus, -split.s * a.c_minus);
  CellSetting set = with_phase(split, {cross, bottom}, {target_21, target_22});
  if (split.limit != Limit::none) set.limit = split.limit == Limit::bar ? Limit::cross : Limit::bar;
  return set;
}

/// theta, phi of any device whose T11 : T12 is that of the target, by the plain MZI that it
/// contains.
CellSetting match_device(DeviceKind kind, const Transfer& target, const MziErrors& errors,
                         const SplitterAngles& angles) {
  if (kind == DeviceKind::three_splitter) {
    // (T11, T12) of the plain part is the target's row before the extra splitter.
    const double eta = std::numbers::pi / 4 + errors.epsilon_rad;
    const Complex c = std::cos(eta), is(0, std::sin(eta));
    return match_ratio(mul(c, target.tt) - mul(is, target.tb),
                       mul(c, target.tb) - mul(is, target.tt), angles);
  }
  if (kind == DeviceKind::crossing) return match_lower_ratio(target.tt, target.tb, angles);
  return match_ratio(target.tt, target.tb, angles);
}

/// The 2x2 of a device with that setting.
Transfer device_of(DeviceKind kind, const CellSetting& set, const MziErrors& errors,
                   const SplitterAngles& angles) {
  if (kind == DeviceKind::mzi && !errors.has_arms())
    return mzi_from(set.s, set.c, set.e_phi, angles);
  return device(kind, 2 * std::atan2(set.s, set.c), std::arg(set.e_phi), errors);
}

/// Cosine of how far to turn the leak of a clipped device so that its part in phase is that of the
/// target.
double leak_cosine(const Transfer& target, const Transfer& real, Limit limit) {
  const double wanted = std::abs(target.tt) * std::abs(real.tb),
               got = std::abs(real.tt) * std::abs(target.tb);
  return std::min(limit == Limit::cross ? wanted / got : got / wanted, 1.0);
}

/// What is left of the two output phases. A clipped device in quadrature is aligned by its two
/// strong elements.
std::pair<Complex, Complex> output_phases(const Transfer& target, const Transfer& real,
                                          Limit limit) {
  const double direct = limit == Limit::cross ? 0 : 1, crossed = limit == Limit::bar ? 0 : 1;
  const auto overlap = [](Complex wanted, Complex got) { return mul(wanted, std::conj(got)); };
  return {direction(direct * overlap(target.tt, real.tt) + crossed * overlap(target.tb, real.tb)),
          direction(crossed * overlap(target.bt, real.bt) + direct * overlap(target.bb, real.bb))};
}

}  // namespace

CorrectedSettings correct_locally(const Topology& topology, const MeshSettings& ideal,
                                  std::span<const MziErrors> fabrication,
                                  const CorrectionOptions& options) {
  const std::size_t cells = topology.cells.size();
  assert((fabrication.empty() || fabrication.size() == cells) && ideal.theta.size() == cells);
  if (options.device == DeviceKind::compact)
    return compact_settings(topology, ideal, fabrication, options.leak);
  const MziErrors perfect;
  CorrectedSettings result{.settings = zero_settings(topology)};
  std::vector<Complex> carried(static_cast<std::size_t>(topology.modes), 1.0);
  for (std::size_t k = 0; k < cells; ++k) {
    const MziErrors& errors = fabrication.empty() ? perfect : fabrication[k];
    Complex& top = carried[static_cast<std::size_t>(topology.cells[k].top)];
    Complex& bottom = carried[static_cast<std::size_t>(topology.cells[k].bottom)];
    const SplitterAngles angles(errors);
    Transfer target = mzi(ideal.theta[k], ideal.phi[k]);
    target = {mul(target.tt, top), mul(target.tb, bottom), mul(target.bt, top),
              mul(target.bb, bottom)};
    CellSetting set = match_device(options.device, target, errors, angles);
    result.unreachable += set.limit != Limit::none ? 1 : 0;
    Transfer real = device_of(options.device, set, errors, angles);
    const bool turn = options.leak == Leak::quadrature &&
                      options.device != DeviceKind::three_splitter && set.limit != Limit::none;
    if (turn) {
      const double cosine = leak_cosine(target, real, set.limit);
      set.e_phi = mul(set.e_phi, Complex(cosine, std::sqrt(1 - cosine * cosine)));
      real = device_of(options.device, set, errors, angles);
    }
    std::tie(top, bottom) = output_phases(target, real, turn ? set.limit : Limit::none);
    result.settings.theta[k] = 2 * std::atan2(set.s, set.c);
    result.settings.phi[k] = std::arg(set.e_phi);
  }
  for (std::size_t m = 0; m < carried.size(); ++m)
    result.settings.screen[m] = wrap_phase(ideal.screen[m] + std::arg(carried[m]));
  return result;
}

}  // namespace lightloom::photonic

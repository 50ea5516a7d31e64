#include "photonic/correction.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "photonic/decompose.hpp"

namespace lightloom::photonic {
namespace {

enum class Limit { none, cross, bar };  // the end of its range that a device is clipped at

struct CellSetting {
  double theta = 0, phi = 0;
  Limit limit = Limit::none;
};

/// The splitter errors' cosines and sines, C+- = cos(alpha +- beta), S+- likewise.
struct SplitterAngles {
  double c_plus, s_plus, c_minus, s_minus;
  explicit SplitterAngles(const MziErrors& e)
      : c_plus(std::cos(e.alpha_rad + e.beta_rad)),
        s_plus(std::sin(e.alpha_rad + e.beta_rad)),
        c_minus(std::cos(e.alpha_rad - e.beta_rad)),
        s_minus(std::sin(e.alpha_rad - e.beta_rad)) {}
};

/// theta, phi of an MZI with splitter errors whose T11 : T12 is that of the target (photonics
/// reference, section 9.1).
CellSetting match_ratio(Complex target_11, Complex target_12, const SplitterAngles& a) {
  const double p11 = std::norm(target_11), p12 = std::norm(target_12);
  const double c_plus2 = a.c_plus * a.c_plus, s_plus2 = a.s_plus * a.s_plus;
  const double c_minus2 = a.c_minus * a.c_minus, s_minus2 = a.s_minus * a.s_minus;
  const double below = (c_plus2 - s_minus2) * p11 + (c_minus2 - s_plus2) * p12;
  const double wanted = (c_plus2 * p11 - s_plus2 * p12) / below;
  constexpr double round_off = 1e-14;  // a device exactly at its limit is reachable
  CellSetting setting;
  if (!(wanted >= -round_off)) setting.limit = Limit::cross;
  if (wanted > 1 + round_off) setting.limit = Limit::bar;
  const double s2 = std::clamp(wanted, 0.0, 1.0);
  const double s = std::sqrt(s2), c = std::sqrt(1 - s2);
  setting.theta = 2 * std::atan2(s, c);
  const Complex top = Complex(-c * a.s_plus, s * a.c_minus),
                cross = Complex(-s * a.s_minus, c * a.c_plus);
  setting.phi =
      wrap_phase(std::arg(mul(mul(cross, std::conj(top)), mul(target_11, std::conj(target_12)))));
  return setting;
}

/// How far to turn a leak of ratio |T11/T12| = `real` so that its part in phase is that of the
/// target.
double leak_turn(const Transfer& target, const Transfer& real, Limit limit) {
  const double wanted = std::abs(target.tt) * std::abs(real.tb),
               got = std::abs(real.tt) * std::abs(target.tb);
  const double ratio = limit == Limit::cross ? wanted / got : got / wanted;
  return std::acos(std::min(ratio, 1.0));
}

/// What is left of the two output phases. A clipped device in quadrature is aligned by its two
/// strong elements.
void carry_phases(const Transfer& target, const Transfer& real, Limit limit, Complex& top,
                  Complex& bottom) {
  const double direct = limit == Limit::cross ? 0 : 1, crossed = limit == Limit::bar ? 0 : 1;
  const auto overlap = [](Complex wanted, Complex got) { return mul(wanted, std::conj(got)); };
  top = direct * overlap(target.tt, real.tt) + crossed * overlap(target.tb, real.tb);
  bottom = crossed * overlap(target.bt, real.bt) + direct * overlap(target.bb, real.bb);
  top = std::polar(1.0, std::arg(top));
  bottom = std::polar(1.0, std::arg(bottom));
}

}  // namespace

CorrectedSettings correct_locally(const Topology& topology, const MeshSettings& ideal,
                                  std::span<const MziErrors> fabrication, Leak leak) {
  const std::size_t cells = topology.cells.size();
  assert(fabrication.size() == cells && ideal.theta.size() == cells);
  CorrectedSettings result{.settings = zero_settings(topology)};
  std::vector<Complex> carried(static_cast<std::size_t>(topology.modes), 1.0);
  for (std::size_t k = 0; k < cells; ++k) {
    Complex& top = carried[static_cast<std::size_t>(topology.cells[k].top)];
    Complex& bottom = carried[static_cast<std::size_t>(topology.cells[k].bottom)];
    Transfer target = mzi(ideal.theta[k], ideal.phi[k]);
    target = {mul(target.tt, top), mul(target.tb, bottom), mul(target.bt, top),
              mul(target.bb, bottom)};
    CellSetting set = match_ratio(target.tt, target.tb, SplitterAngles(fabrication[k]));
    result.unreachable += set.limit != Limit::none ? 1 : 0;
    Transfer real = mzi(set.theta, set.phi, fabrication[k]);
    const bool turn = leak == Leak::quadrature && set.limit != Limit::none;
    if (turn) {
      set.phi = wrap_phase(set.phi + leak_turn(target, real, set.limit));
      real = mzi(set.theta, set.phi, fabrication[k]);
    }
    carry_phases(target, real, turn ? set.limit : Limit::none, top, bottom);
    result.settings.theta[k] = set.theta;
    result.settings.phi[k] = set.phi;
  }
  for (std::size_t m = 0; m < carried.size(); ++m)
    result.settings.screen[m] = wrap_phase(ideal.screen[m] + std::arg(carried[m]));
  return result;
}

}  // namespace lightloom::photonic

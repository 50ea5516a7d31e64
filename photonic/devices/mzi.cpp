#include "photonic/devices/mzi.hpp"

#include <cmath>
#include <numbers>

namespace lightloom::photonic {
namespace {

constexpr double quarter_pi = std::numbers::pi / 4;

Complex arm_factor(double phase_rad, const Arm& arm) {
  return std::polar(std::exp(0.5 * arm.log_gain), phase_rad + arm.phase_rad);
}

Transfer phase_stage(Complex top, Complex bottom) { return {top, 0, 0, bottom}; }

/// Product of the stages, for devices with lossy or biased arms.
Transfer staged_mzi(double theta_rad, double phi_rad, const MziErrors& e) {
  const Transfer phi = phase_stage(arm_factor(phi_rad, e.phi_top), arm_factor(0, e.phi_bottom));
  const Transfer theta =
      phase_stage(arm_factor(theta_rad, e.theta_top), arm_factor(0, e.theta_bottom));
  const Transfer first = compose(splitter(quarter_pi + e.alpha_rad), phi);
  return compose(splitter(quarter_pi + e.beta_rad), compose(theta, first));
}

Transfer closed_mzi(double theta_rad, double phi_rad, const MziErrors& e) {
  return mzi_from(std::sin(theta_rad / 2), std::cos(theta_rad / 2),
                  Complex(std::cos(phi_rad), std::sin(phi_rad)), SplitterAngles(e));
}

/// Both shifters between the splitters; the arms' errors of the two stages add up.
Transfer compact(double theta_rad, double phi_rad, const MziErrors& e) {
  const Arm top{e.theta_top.phase_rad + e.phi_top.phase_rad,
                e.theta_top.log_gain + e.phi_top.log_gain};
  const Arm bottom{e.theta_bottom.phase_rad + e.phi_bottom.phase_rad,
                   e.theta_bottom.log_gain + e.phi_bottom.log_gain};
  const Transfer inner = phase_stage(arm_factor(theta_rad, top), arm_factor(phi_rad, bottom));
  return compose(splitter(quarter_pi + e.beta_rad),
                 compose(inner, splitter(quarter_pi + e.alpha_rad)));
}

}  // namespace

Transfer splitter(double eta_rad) {
  const double c = std::cos(eta_rad), s = std::sin(eta_rad);
  return {c, Complex(0, s), Complex(0, s), c};
}

Transfer compose(const Transfer& a, const Transfer& b) {
  return {mul(a.tt, b.tt) + mul(a.tb, b.bt), mul(a.tt, b.tb) + mul(a.tb, b.bb),
          mul(a.bt, b.tt) + mul(a.bb, b.bt), mul(a.bt, b.tb) + mul(a.bb, b.bb)};
}

SplitterAngles::SplitterAngles(const MziErrors& e) {
  if (e.alpha_rad == 0 && e.beta_rad == 0) return;
  c_plus = std::cos(e.alpha_rad + e.beta_rad);
  s_plus = std::sin(e.alpha_rad + e.beta_rad);
  c_minus = std::cos(e.alpha_rad - e.beta_rad);
  s_minus = std::sin(e.alpha_rad - e.beta_rad);
}

// The product of the lossless stages written out (docs/models/photonic/devices.md#mzi).
Transfer mzi_from(double s, double c, Complex e_phi, const SplitterAngles& a) {
  const Complex common(c, s), with_phi = mul(common, e_phi);
  return {mul(with_phi, Complex(-c * a.s_plus, s * a.c_minus)),
          mul(common, Complex(-s * a.s_minus, c * a.c_plus)),
          mul(with_phi, Complex(s * a.s_minus, c * a.c_plus)),
          mul(common, Complex(-c * a.s_plus, -s * a.c_minus))};
}

Complex direction(Complex z) {
  const double size = std::sqrt(std::norm(z));
  return size > 0 ? z * (1 / size) : Complex(1);
}

Transfer mzi(double theta_rad, double phi_rad, const MziErrors& errors) {
  return errors.has_arms() ? staged_mzi(theta_rad, phi_rad, errors)
                           : closed_mzi(theta_rad, phi_rad, errors);
}

Transfer device(DeviceKind kind, double theta_rad, double phi_rad, const MziErrors& errors) {
  switch (kind) {
    case DeviceKind::mzi:
      break;
    case DeviceKind::three_splitter:
      return compose(mzi(theta_rad, phi_rad, errors), splitter(quarter_pi + errors.epsilon_rad));
    case DeviceKind::crossing: {
      const Transfer t = mzi(theta_rad, phi_rad, errors);
      return {t.bt, t.bb, t.tt, t.tb};
    }
    case DeviceKind::compact:
      return compact(theta_rad, phi_rad, errors);
  }
  return mzi(theta_rad, phi_rad, errors);
}

}  // namespace lightloom::photonic

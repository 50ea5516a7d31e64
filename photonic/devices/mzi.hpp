#pragma once

#include "photonic/devices/complex.hpp"

namespace lightloom::photonic {

/// The 2x2 field transfer of one device: out_top = tt in_top + tb in_bottom, out_bottom = bt in_top
/// + bb in_bottom.
struct Transfer {
  Complex tt = 1, tb = 0, bt = 0, bb = 1;
};

/// One arm of a phase-shifter stage.
struct Arm {
  double phase_rad = 0;  // fabrication and crosstalk phase, added to the set phase
  double log_gain = 0;  // natural logarithm of the power gain, <= 0 for loss: -L ln(10)/10 for L dB
};

/// What fabrication did to one device. All zero: the ideal device.
struct MziErrors {
  double alpha_rad = 0;    // first splitter is pi/4 + alpha (1 % of power split error is 0.01 rad)
  double beta_rad = 0;     // second splitter is pi/4 + beta
  double epsilon_rad = 0;  // extra input splitter of a three-splitter device is pi/4 + epsilon
  Arm phi_top, phi_bottom, theta_top, theta_bottom;

  [[nodiscard]] bool has_arms() const {
    const auto set = [](const Arm& arm) { return arm.phase_rad != 0 || arm.log_gain != 0; };
    return set(phi_top) || set(phi_bottom) || set(theta_top) || set(theta_bottom);
  }
};

/// The 2x2 devices a mesh can be made of.
enum class DeviceKind {
  mzi,  // phi, splitter, theta, splitter; both shifters on the top arm (Hamerly's convention)
  three_splitter,  // an extra splitter first, without a shifter (Hamerly et al., Nat. Commun. 13,
                   // 6831, 2022)
  crossing,        // an MZI followed by a waveguide crossing (same paper)
  compact,  // theta on the top and phi on the bottom inner arm (Bell and Walmsley, APL Photonics 6,
            // 070804, 2021)
};

/// A splitter of coupling angle eta: [[cos, i sin], [i sin, cos]]; the cross-coupled power is
/// sin^2(eta).
Transfer splitter(double eta_rad);
/// (top, bottom) = T (top, bottom).
inline void apply(const Transfer& t, Complex& top, Complex& bottom) {
  const Complex u = top, v = bottom;
  top = mul(t.tt, u) + mul(t.tb, v);
  bottom = mul(t.bt, u) + mul(t.bb, v);
}
/// a after b.
Transfer compose(const Transfer& a, const Transfer& b);

/// C+- = cos(alpha +- beta), S+- = sin(alpha +- beta): all that a lossless MZI keeps of its
/// splitters.
struct SplitterAngles {
  double c_plus = 1, s_plus = 0, c_minus = 1, s_minus = 0;
  SplitterAngles() = default;
  explicit SplitterAngles(const MziErrors& errors);
};
/// A lossless MZI from s = sin(theta/2), c = cos(theta/2) and e^{i phi}: no trigonometric function
/// is called.
Transfer mzi_from(double s, double c, Complex e_phi, const SplitterAngles& splitters = {});
/// z / |z|, and 1 for 0.
Complex direction(Complex z);

/// The MZI S(pi/4+beta) diag(e^{i theta}, 1) S(pi/4+alpha) diag(e^{i phi}, 1) with the errors
/// given; ideal: i e^{i theta/2} [[e^{i phi} s, c], [e^{i phi} c, -s]], s = sin(theta/2). theta = 0
/// is cross, theta = pi is bar.
Transfer mzi(double theta_rad, double phi_rad, const MziErrors& errors = {});
/// Any device of the list above.
Transfer device(DeviceKind kind, double theta_rad, double phi_rad, const MziErrors& errors = {});

}  // namespace lightloom::photonic

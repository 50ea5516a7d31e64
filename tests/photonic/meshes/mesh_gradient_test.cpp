#include "photonic/meshes/mesh_gradient.hpp"

#include <ceres/jet.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/random/random.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::photonic {
namespace {

const Stream gradient_numbers({.seed = 8, .purpose = Purpose::test});

struct Point {
  double theta = 0, phi = 0;
  MziErrors errors;
};

double& parameter_of(Point& p, DeviceParameter which) {
  MziErrors& e = p.errors;
  switch (which) {
    case DeviceParameter::theta:
      return p.theta;
    case DeviceParameter::phi:
      return p.phi;
    case DeviceParameter::alpha:
      return e.alpha_rad;
    case DeviceParameter::beta:
      return e.beta_rad;
    case DeviceParameter::epsilon:
      return e.epsilon_rad;
    case DeviceParameter::phi_bottom:
      return e.phi_bottom.phase_rad;
    case DeviceParameter::theta_bottom:
      return e.theta_bottom.phase_rad;
    case DeviceParameter::phi_top_gain:
      return e.phi_top.log_gain;
    case DeviceParameter::phi_bottom_gain:
      return e.phi_bottom.log_gain;
    case DeviceParameter::theta_top_gain:
      return e.theta_top.log_gain;
    case DeviceParameter::theta_bottom_gain:
      return e.theta_bottom.log_gain;
  }
  return p.theta;
}
constexpr DeviceParameter all_parameters[] = {DeviceParameter::theta,
                                              DeviceParameter::phi,
                                              DeviceParameter::alpha,
                                              DeviceParameter::beta,
                                              DeviceParameter::epsilon,
                                              DeviceParameter::phi_bottom,
                                              DeviceParameter::theta_bottom,
                                              DeviceParameter::phi_top_gain,
                                              DeviceParameter::phi_bottom_gain,
                                              DeviceParameter::theta_top_gain,
                                              DeviceParameter::theta_bottom_gain};
constexpr DeviceKind all_kinds[] = {DeviceKind::mzi, DeviceKind::three_splitter,
                                    DeviceKind::crossing, DeviceKind::compact};

Point random_point(std::uint64_t shot) {
  const auto draw = [&](std::uint64_t k) { return gradient_numbers.normal(k, shot); };
  Point p{draw(0),
          draw(1),
          {.alpha_rad = 0.1 * draw(2), .beta_rad = 0.1 * draw(3), .epsilon_rad = 0.1 * draw(4)}};
  p.errors.phi_top = {draw(5), -0.1 * std::abs(draw(6))};
  p.errors.phi_bottom = {draw(7), -0.1 * std::abs(draw(8))};
  p.errors.theta_top = {draw(9), -0.1 * std::abs(draw(10))};
  p.errors.theta_bottom = {draw(11), -0.1 * std::abs(draw(12))};
  return p;
}

double distance(const Transfer& a, const Transfer& b) {
  return std::sqrt(std::norm(a.tt - b.tt) + std::norm(a.tb - b.tb) + std::norm(a.bt - b.bt) +
                   std::norm(a.bb - b.bb));
}

/// Fourth-order central difference: error h^4/30 of a fifth derivative near 1, plus rounding eps/h:
/// 1e-12 at h = 1e-3.
Transfer difference(DeviceKind kind, const Point& point, DeviceParameter which) {
  constexpr double h = 1e-3;
  Transfer sum{0, 0, 0, 0};
  for (const auto& [step, weight] : {std::pair{1, 8.0}, {-1, -8.0}, {2, -1.0}, {-2, 1.0}}) {
    Point moved = point;
    parameter_of(moved, which) += step * h;
    const Transfer t = device(kind, moved.theta, moved.phi, moved.errors);
    const double factor = weight / (12 * h);
    sum = {sum.tt + factor * t.tt, sum.tb + factor * t.tb, sum.bt + factor * t.bt,
           sum.bb + factor * t.bb};
  }
  return sum;
}

TEST(Derivatives, OfEveryDeviceAndParameterEqualDifferences) {
  for (std::uint64_t shot = 0; shot < 5; ++shot) {
    const Point p = random_point(shot);
    for (const DeviceKind kind : all_kinds)
      for (const DeviceParameter which : all_parameters)
        EXPECT_LT(distance(device_derivative(kind, which, {p.theta, p.phi, p.errors}),
                           difference(kind, p, which)),
                  2e-11)
            << static_cast<int>(kind) << " " << static_cast<int>(which);
  }
}

/// A complex number whose parts carry their derivatives with respect to all parameters.
using Dual = ceres::Jet<double, std::size(all_parameters)>;
struct DualComplex {
  Dual re{0.0}, im{0.0};
  friend DualComplex operator*(const DualComplex& a, const DualComplex& b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  }
  friend DualComplex operator+(const DualComplex& a, const DualComplex& b) {
    return {a.re + b.re, a.im + b.im};
  }
};
struct DualTransfer {
  DualComplex tt, tb, bt, bb;
  /// *this after `first`.
  [[nodiscard]] DualTransfer after(const DualTransfer& first) const {
    return {tt * first.tt + tb * first.bt, tt * first.tb + tb * first.bb,
            bt * first.tt + bb * first.bt, bt * first.tb + bb * first.bb};
  }
};

DualTransfer dual_splitter(const Dual& error) {
  const Dual eta = error + std::numbers::pi / 4, zero(0.0);
  return {{cos(eta), zero}, {zero, sin(eta)}, {zero, sin(eta)}, {cos(eta), zero}};
}

DualTransfer dual_arms(const Dual& top, const Dual& top_gain, const Dual& bottom,
                       const Dual& bottom_gain) {
  const auto arm = [](const Dual& phase, const Dual& gain) {
    return DualComplex{exp(gain * 0.5) * cos(phase), exp(gain * 0.5) * sin(phase)};
  };
  return {arm(top, top_gain), {}, {}, arm(bottom, bottom_gain)};
}

/// The device as the product of its stages, in dual numbers.
DualTransfer dual_device(DeviceKind kind, Point p) {
  const auto number = [&](DeviceParameter which) {
    return Dual(parameter_of(p, which), static_cast<int>(which));
  };
  using P = DeviceParameter;
  const Dual theta = number(P::theta) + p.errors.theta_top.phase_rad,
             phi = number(P::phi) + p.errors.phi_top.phase_rad;
  const DualTransfer outer = dual_splitter(number(P::beta)),
                     inner = dual_splitter(number(P::alpha));
  const auto theta_stage = dual_arms(theta, number(P::theta_top_gain), number(P::theta_bottom),
                                     number(P::theta_bottom_gain));
  const auto phi_stage =
      dual_arms(phi, number(P::phi_top_gain), number(P::phi_bottom), number(P::phi_bottom_gain));
  // A compact device has both shifters between its splitters, phi on the bottom arm.
  const auto both = dual_arms(theta + p.errors.phi_top.phase_rad,
                              number(P::theta_top_gain) + number(P::phi_top_gain),
                              number(P::phi) + number(P::theta_bottom) + number(P::phi_bottom),
                              number(P::theta_bottom_gain) + number(P::phi_bottom_gain));
  DualTransfer mzi = outer.after(theta_stage).after(inner).after(phi_stage);
  switch (kind) {
    case DeviceKind::mzi:
      break;
    case DeviceKind::three_splitter:
      return mzi.after(dual_splitter(number(P::epsilon)));
    case DeviceKind::crossing:
      return {mzi.bt, mzi.bb, mzi.tt, mzi.tb};
    case DeviceKind::compact:
      return outer.after(both).after(inner);
  }
  return mzi;
}

TEST(Derivatives, OfEveryDeviceAndParameterEqualDualNumbers) {
  for (std::uint64_t shot = 0; shot < 20; ++shot) {
    const Point p = random_point(shot);
    for (const DeviceKind kind : all_kinds) {
      const DualTransfer dual = dual_device(kind, p);
      for (const DeviceParameter which : all_parameters) {
        const auto part = [&](const DualComplex& z) {
          return Complex(z.re.v[static_cast<int>(which)], z.im.v[static_cast<int>(which)]);
        };
        // Five products of 2x2s of norm about one: some tens of roundings.
        EXPECT_LT(distance(device_derivative(kind, which, {p.theta, p.phi, p.errors}),
                           {part(dual.tt), part(dual.tb), part(dual.bt), part(dual.bb)}),
                  1e-14)
            << static_cast<int>(kind) << " " << static_cast<int>(which);
      }
    }
  }
}

TEST(Derivatives, AWrongOneIsNoticed) {
  const Point p = random_point(1);
  EXPECT_GT(distance(device_derivative(DeviceKind::mzi, DeviceParameter::alpha,
                                       {p.theta, p.phi + 0.01, p.errors}),
                     difference(DeviceKind::mzi, p, DeviceParameter::alpha)),
            1e-3);
}

TEST(Derivatives, AdjointSweepOfALossyMeshEqualsDifferences) {
  constexpr int n = 5;
  const Topology topology = clements_topology(n);
  MeshSettings settings = haar_clements_settings(topology, gradient_numbers, 20);
  Fabrication fabrication;
  for (std::size_t k = 0; k < topology.cells.size(); ++k)
    fabrication.push_back(random_point(30 + k).errors);
  SquareMatrix weight(n);
  for (std::size_t k = 0; k < weight.values.size(); ++k)
    weight.values[k] = {gradient_numbers.normal(2 * k, 21), gradient_numbers.normal(2 * k + 1, 21)};
  const auto loss = [&] {
    const SquareMatrix u = mesh_matrix(topology, DeviceKind::mzi, settings, fabrication);
    double sum = 0;
    for (std::size_t k = 0; k < u.values.size(); ++k)
      sum += (std::conj(weight.values[k]) * u.values[k]).real();
    return sum;
  };
  const MeshSensitivity s =
      mesh_sensitivity({topology, DeviceKind::mzi, settings, fabrication}, weight);
  const auto slope = [&](double& value) {
    constexpr double h = 1e-3;
    const double before = value;
    double sum = 0;
    for (const auto& [step, factor] : {std::pair{1, 8.0}, {-1, -8.0}, {2, -1.0}, {-2, 1.0}}) {
      value = before + step * h;
      sum += factor * loss() / (12 * h);
    }
    value = before;
    return sum;
  };
  for (std::size_t k = 0; k < topology.cells.size(); ++k) {
    const auto gradient = [&](DeviceParameter which) {
      return along(s.cells[k],
                   device_derivative(DeviceKind::mzi, which,
                                     {settings.theta[k], settings.phi[k], fabrication[k]}));
    };
    EXPECT_NEAR(gradient(DeviceParameter::theta), slope(settings.theta[k]), 1e-9) << k;
    EXPECT_NEAR(gradient(DeviceParameter::phi), slope(settings.phi[k]), 1e-9) << k;
    EXPECT_NEAR(gradient(DeviceParameter::alpha), slope(fabrication[k].alpha_rad), 1e-9) << k;
    EXPECT_NEAR(gradient(DeviceParameter::theta_top_gain), slope(fabrication[k].theta_top.log_gain),
                1e-9)
        << k;
  }
  for (std::size_t m = 0; m < n; ++m)
    EXPECT_NEAR(s.screen[m], slope(settings.screen[m]), 1e-9) << m;
}

}  // namespace
}  // namespace lightloom::photonic

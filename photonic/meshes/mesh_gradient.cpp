#include "photonic/meshes/mesh_gradient.hpp"

#include <cassert>
#include <cmath>
#include <numbers>

namespace lightloom::photonic {
namespace {

constexpr Complex i_unit(0, 1);
constexpr Transfer swap_ports{0, 1, 1, 0};

Transfer scaled(Complex factor, const Transfer& t) {
  return {mul(factor, t.tt), mul(factor, t.tb), mul(factor, t.bt), mul(factor, t.bb)};
}

/// S(pi/4+beta) diag(1, 0) S^-1 (top) or diag(0, 1) (bottom): what acting on one inner arm looks
/// like from outside.
Transfer inner_arm(double beta_rad, double sign) {
  const double sine = sign * std::sin(2 * beta_rad) / 2, cosine = sign * std::cos(2 * beta_rad) / 2;
  return {0.5 - sine, -i_unit * cosine, i_unit * cosine, 0.5 + sine};
}

Transfer outer_arm(double sign) { return sign > 0 ? Transfer{1, 0, 0, 0} : Transfer{0, 0, 0, 1}; }

/// dT/dalpha of a plain MZI: the first splitter sees the input stage diag(b1, b2).
Transfer first_splitter(const Transfer& t, double phi_rad, const MziErrors& e) {
  const Complex ratio(0.5 * (e.phi_top.log_gain - e.phi_bottom.log_gain),
                      phi_rad + e.phi_top.phase_rad - e.phi_bottom.phase_rad);
  const Complex b1_over_b2 = std::exp(ratio);
  return compose(t, {0, i_unit / b1_over_b2, i_unit * b1_over_b2, 0});
}

/// Where an MZI has its outer shifters: before the first splitter, or, compact, on the inner arms.
enum class OuterArms { outside, inside };

/// A plain MZI of transfer `t`.
Transfer plain_derivative(OuterArms arms, DeviceParameter parameter, const Transfer& t,
                          const SetDevice& set) {
  const bool compact = arms == OuterArms::inside;
  const double phi_rad = set.phi_rad;
  const MziErrors& e = set.errors;
  const auto inner = [&](double sign) { return compose(inner_arm(e.beta_rad, sign), t); };
  const auto outer = [&](double sign) {
    return compact ? inner(sign) : compose(t, outer_arm(sign));
  };
  switch (parameter) {
    case DeviceParameter::theta:
      return scaled(i_unit, inner(1));
    case DeviceParameter::theta_bottom:
      return scaled(i_unit, inner(-1));
    case DeviceParameter::theta_top_gain:
      return scaled(0.5, inner(1));
    case DeviceParameter::theta_bottom_gain:
      return scaled(0.5, inner(-1));
    case DeviceParameter::phi:
      return compact ? scaled(i_unit, inner(-1))
                     : scaled(i_unit, outer(1));  // compact: phi drives the bottom inner arm
    case DeviceParameter::phi_bottom:
      return scaled(i_unit, outer(-1));
    case DeviceParameter::phi_top_gain:
      return scaled(0.5, outer(1));
    case DeviceParameter::phi_bottom_gain:
      return scaled(0.5, outer(-1));
    case DeviceParameter::alpha:
      return compact ? scaled(i_unit, compose(t, swap_ports)) : first_splitter(t, phi_rad, e);
    case DeviceParameter::beta:
      return scaled(i_unit, compose(swap_ports, t));
    case DeviceParameter::epsilon:
      break;
  }
  return {0, 0, 0, 0};
}

/// Row views of one cell.
struct FieldRows {
  Complex* top;
  Complex* bottom;
};

Transfer inverse(const Transfer& t) {
  const Complex below = 1.0 / (mul(t.tt, t.bb) - mul(t.tb, t.bt));
  return {mul(t.bb, below), -mul(t.tb, below), -mul(t.bt, below), mul(t.tt, below)};
}

void apply(const Transfer& t, const FieldRows& rows, int count) {
  for (int k = 0; k < count; ++k) apply(t, rows.top[k], rows.bottom[k]);
}

Complex overlap(const Complex* a, const Complex* b, int count) {
  Complex sum = 0;
  for (int k = 0; k < count; ++k) sum += mul(a[k], std::conj(b[k]));
  return sum;
}

}  // namespace

Transfer device_derivative(DeviceKind kind, DeviceParameter parameter, const SetDevice& set) {
  const auto& [theta_rad, phi_rad, errors] = set;
  if (kind == DeviceKind::compact)
    return plain_derivative(OuterArms::inside, parameter, device(kind, theta_rad, phi_rad, errors),
                            set);
  if (kind == DeviceKind::three_splitter && parameter == DeviceParameter::epsilon)
    return scaled(i_unit, compose(device(kind, theta_rad, phi_rad, errors), swap_ports));
  const Transfer plain =
      plain_derivative(OuterArms::outside, parameter, mzi(theta_rad, phi_rad, errors), set);
  if (kind == DeviceKind::crossing) return compose(swap_ports, plain);
  if (kind == DeviceKind::three_splitter)
    return compose(plain, splitter(std::numbers::pi / 4 + errors.epsilon_rad));
  return plain;
}

MeshSensitivity mesh_sensitivity(const ConfiguredMesh& mesh, const SquareMatrix& upstream) {
  const auto& [topology, kind, settings, fabrication] = mesh;
  assert(settings.outer.empty());
  const int n = topology.modes;
  std::vector<Transfer> transfers(topology.cells.size());
  cell_transfers(mesh, transfers);
  MeshSensitivity result;
  result.matrix = mesh_matrix(topology, kind, settings, fabrication);
  result.cells.resize(transfers.size());
  SquareMatrix fields = result.matrix, adjoint = upstream;
  for (int m = 0; m < n; ++m) {
    const Complex undo = std::polar(1.0, -settings.screen[static_cast<std::size_t>(m)]);
    // dU = i psi' U on this row: Re conj(G) i U = Im conj(U) G.
    result.screen.push_back(overlap(&adjoint(m, 0), &fields(m, 0), n).imag());
    for (int k = 0; k < n; ++k) {
      fields(m, k) = mul(undo, fields(m, k));
      adjoint(m, k) = mul(undo, adjoint(m, k));
    }
  }
  for (std::size_t k = transfers.size(); k-- > 0;) {
    const Cell& cell = topology.cells[k];
    const FieldRows f{&fields(cell.top, 0), &fields(cell.bottom, 0)},
        g{&adjoint(cell.top, 0), &adjoint(cell.bottom, 0)};
    apply(inverse(transfers[k]), f, n);
    result.cells[k] = {overlap(g.top, f.top, n), overlap(g.top, f.bottom, n),
                       overlap(g.bottom, f.top, n), overlap(g.bottom, f.bottom, n)};
    const Transfer& t = transfers[k];
    apply({std::conj(t.tt), std::conj(t.bt), std::conj(t.tb), std::conj(t.bb)}, g, n);
  }
  return result;
}

double along(const Transfer& m, const Transfer& d) {
  const auto part = [](Complex a, Complex b) { return a.real() * b.real() + a.imag() * b.imag(); };
  return part(d.tt, m.tt) + part(d.tb, m.tb) + part(d.bt, m.bt) + part(d.bb, m.bb);
}

}  // namespace lightloom::photonic

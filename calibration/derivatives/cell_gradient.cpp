#include "calibration/derivatives/cell_gradient.hpp"

#include <cmath>

namespace lightloom::calibration {
namespace {

using photonic::Complex;
using photonic::mul;
using photonic::Transfer;

}  // namespace

std::vector<CellState> cell_states(const ChipShape& shape, std::span<const double> parameters,
                                   std::span<const double> phases) {
  std::vector<Transfer> transfers(shape.topology.cells.size());
  chip_transfers(shape, parameters, phases, transfers);
  const ParameterLayout& at = shape.parameters;
  std::vector<CellState> states(transfers.size());
  for (int k = 0; k < shape.cells(); ++k) {
    const auto cell = static_cast<std::size_t>(k);
    const double beta = parameters[static_cast<std::size_t>(at.at(ParameterKind::beta, k))];
    const double gain =
        parameters[static_cast<std::size_t>(at.at(ParameterKind::arm_gain, 2 * k + 1))];
    states[cell] = {transfers[cell], std::polar(std::exp(gain / 2), phases[2 * cell + 1]),
                    std::sin(2 * beta), std::cos(2 * beta)};
  }
  return states;
}

CellGradient gradient_of(const CellState& cell) {
  const Transfer& t = cell.transfer;
  const Complex i(0, 1);
  const Complex up = mul(i, cell.phi_arm), down = i / cell.phi_arm;
  const Complex straight(0, 0.5 * (1 - cell.sin_2beta)), back(0, 0.5 * (1 + cell.sin_2beta));
  const double turn = 0.5 * cell.cos_2beta;  // (i/2) (-+ i cos 2 beta)
  return {.theta = {mul(straight, t.tt) + turn * t.bt, mul(straight, t.tb) + turn * t.bb,
                    mul(back, t.bt) - turn * t.tt, mul(back, t.bb) - turn * t.tb},
          .phi = {mul(i, t.tt), 0, mul(i, t.bt), 0},
          .alpha = {mul(up, t.tb), mul(down, t.tt), mul(up, t.bb), mul(down, t.bt)},
          .beta = {mul(i, t.bt), mul(i, t.bb), mul(i, t.tt), mul(i, t.tb)},
          .device = {0.5 * t.tt, 0.5 * t.tb, 0.5 * t.bt, 0.5 * t.bb}};
}

}  // namespace lightloom::calibration

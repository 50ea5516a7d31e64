#include "calibration/derivatives/mesh_jacobian.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "calibration/derivatives/cell_gradient.hpp"
#include "calibration/model/field_pair.hpp"
#include "calibration/solvers/parallel_if.hpp"

namespace lightloom::calibration {
namespace {

using photonic::Cell;
using photonic::Complex;
using photonic::mul;
using photonic::Transfer;

FieldPair scaled(Complex factor, const FieldPair& f) {
  return {mul(factor, f.top), mul(factor, f.bottom)};
}

/// (dT/dp) f of one cell for its own parameters.
struct CellDerivatives {
  FieldPair theta, phi, alpha, beta, device;
};

CellDerivatives differentiate_cell(const CellGradient& g, const FieldPair& in) {
  return {apply(g.theta, in), apply(g.phi, in), apply(g.alpha, in), apply(g.beta, in),
          apply(g.device, in)};
}

/// Everything the columns are made of, for all inputs of one setting.
struct Sweeps {
  std::vector<CellState> cells;
  std::vector<FieldPair> before;  // (cells, inputs): fields in front of each cell
  std::vector<double> after_re;   // (cells, 2, ports): R, the two columns of what comes after it
  std::vector<double> after_im;
  std::vector<double> pull_re, pull_im;  // (inputs, ports): 2 g_i w conj(y_i)
  std::vector<Complex> out;              // (inputs, ports)
  std::vector<Complex> injected;         // (inputs, ports): diag(sqrt c) x
};

void sweep_forward(const ChipShape& shape, std::span<const double> parameters, const Inputs& inputs,
                   Sweeps& s) {
  const auto ports = static_cast<std::size_t>(shape.ports()),
             count = static_cast<std::size_t>(inputs.count);
  const int first = shape.parameters.first(ParameterKind::input_gain);
  s.injected.resize(count * ports);
  s.before.resize(s.cells.size() * count);
  for (std::size_t k = 0; k < count; ++k)
    for (std::size_t p = 0; p < ports; ++p)
      s.injected[k * ports + p] = std::exp(parameters[static_cast<std::size_t>(first) + p] / 2) *
                                  inputs.fields[k * ports + p];
  s.out = s.injected;
  for (std::size_t k = 0; k < count; ++k) {
    Complex* field = &s.out[k * ports];
    for (std::size_t q = 0; q < s.cells.size(); ++q) {
      const Cell& cell = shape.topology.cells[q];
      Complex &top = field[cell.top], &bottom = field[cell.bottom];
      const FieldPair in{top, bottom}, after = apply(s.cells[q].transfer, in);
      s.before[q * count + k] = in;
      top = after.top;
      bottom = after.bottom;
    }
  }
}

/// R of every cell: an identity swept from the detectors back.
void sweep_backward(const ChipShape& shape, Sweeps& s) {
  const auto ports = static_cast<std::size_t>(shape.ports());
  std::vector<double> re(ports * ports), im(ports * ports);  // (port, detector)
  for (std::size_t p = 0; p < ports; ++p) re[p * ports + p] = 1;
  s.after_re.resize(s.cells.size() * 2 * ports);
  s.after_im.resize(s.after_re.size());
  for (std::size_t q = s.cells.size(); q-- > 0;) {
    const auto top = static_cast<std::size_t>(shape.topology.cells[q].top) * ports,
               bottom = static_cast<std::size_t>(shape.topology.cells[q].bottom) * ports;
    const Transfer& t = s.cells[q].transfer;
    for (std::size_t i = 0; i < ports; ++i) {
      const Complex r0(re[top + i], im[top + i]), r1(re[bottom + i], im[bottom + i]);
      s.after_re[2 * q * ports + i] = r0.real();
      s.after_im[2 * q * ports + i] = r0.imag();
      s.after_re[(2 * q + 1) * ports + i] = r1.real();
      s.after_im[(2 * q + 1) * ports + i] = r1.imag();
      const Complex new_top = mul(r0, t.tt) + mul(r1, t.bt),
                    new_bottom = mul(r0, t.tb) + mul(r1, t.bb);
      re[top + i] = new_top.real();
      im[top + i] = new_top.imag();
      re[bottom + i] = new_bottom.real();
      im[bottom + i] = new_bottom.imag();
    }
  }
}

/// `column[i] = Re(z0 a + z1 b)` over the detectors.
void combine(std::size_t ports, const double* z, const FieldPair& d, double* column) {
  const double *z0r = z, *z0i = z + ports, *z1r = z + 2 * ports, *z1i = z + 3 * ports;
  const double ar = d.top.real(), ai = d.top.imag(), br = d.bottom.real(), bi = d.bottom.imag();
  for (std::size_t i = 0; i < ports; ++i)
    column[i] = z0r[i] * ar - z0i[i] * ai + z1r[i] * br - z1i[i] * bi;
}

void cell_columns(const Sweeps& s, const BaseColumns& columns, std::size_t q,
                  std::vector<double>& jacobian) {
  const auto ports = static_cast<std::size_t>(columns.ports);
  const std::size_t count = s.pull_re.size() / ports, rows = s.pull_re.size();
  const double *r0r = &s.after_re[2 * q * ports], *r0i = &s.after_im[2 * q * ports];
  const double *r1r = r0r + ports, *r1i = r0i + ports;
  std::vector<double> z(4 * ports);
  const auto column = [&](int index) { return &jacobian[static_cast<std::size_t>(index) * rows]; };
  const int cell = static_cast<int>(q);
  const CellGradient gradient = gradient_of(s.cells[q]);
  for (std::size_t k = 0; k < count; ++k) {
    const double *pr = &s.pull_re[k * ports], *pi = &s.pull_im[k * ports];
    for (std::size_t i = 0; i < ports; ++i) {
      z[i] = pr[i] * r0r[i] - pi[i] * r0i[i];
      z[ports + i] = pr[i] * r0i[i] + pi[i] * r0r[i];
      z[2 * ports + i] = pr[i] * r1r[i] - pi[i] * r1i[i];
      z[3 * ports + i] = pr[i] * r1i[i] + pi[i] * r1r[i];
    }
    const CellDerivatives d = differentiate_cell(gradient, s.before[q * count + k]);
    const std::size_t row = k * ports;
    combine(ports, z.data(), d.theta, column(columns.phase(2 * cell)) + row);
    combine(ports, z.data(), d.phi, column(columns.phase(2 * cell + 1)) + row);
    combine(ports, z.data(), d.alpha, column(columns.alpha(cell)) + row);
    combine(ports, z.data(), d.beta, column(columns.beta(cell)) + row);
    if (columns.arm < 0) continue;
    const Complex gain(0, -0.5);  // d/dg = -(i/2) d/dphase
    combine(ports, z.data(), scaled(gain, d.theta), column(columns.arm + 2 * cell) + row);
    combine(ports, z.data(), scaled(gain, d.phi), column(columns.arm + 2 * cell + 1) + row);
  }
}

/// A gain common to all cells: half of every cell's own output, carried on to the detectors.
void device_column(const Sweeps& s, const BaseColumns& columns, std::size_t ports,
                   std::vector<double>& jacobian) {
  const std::size_t rows = s.pull_re.size(), count = rows / ports;
  double* column = &jacobian[static_cast<std::size_t>(columns.device) * rows];
  std::fill(column, column + rows, 0.0);
  for (std::size_t q = 0; q < s.cells.size(); ++q) {
    for (std::size_t k = 0; k < count; ++k) {
      const FieldPair out = apply(s.cells[q].transfer, s.before[q * count + k]);
      for (std::size_t i = 0; i < ports; ++i) {
        const Complex r0(s.after_re[2 * q * ports + i], s.after_im[2 * q * ports + i]);
        const Complex r1(s.after_re[(2 * q + 1) * ports + i], s.after_im[(2 * q + 1) * ports + i]);
        const Complex arrives = mul(r0, out.top) + mul(r1, out.bottom);
        column[k * ports + i] += 0.5 * (s.pull_re[k * ports + i] * arrives.real() -
                                        s.pull_im[k * ports + i] * arrives.imag());
      }
    }
  }
}

/// One input port's coupling: half of its share of every field, U_ip sqrt(c_p) x_p. U comes column
/// by column from a second forward sweep of unit vectors.
void input_columns(const ChipShape& shape, const Sweeps& s, const BaseColumns& columns,
                   std::vector<double>& jacobian) {
  const auto ports = static_cast<std::size_t>(shape.ports());
  const std::size_t rows = s.pull_re.size(), count = rows / ports;
  std::vector<Complex> field(ports);
  for (std::size_t p = 0; p < ports; ++p) {
    std::fill(field.begin(), field.end(), Complex{});
    field[p] = 1;
    for (std::size_t q = 0; q < s.cells.size(); ++q) {
      Complex &top = field[static_cast<std::size_t>(shape.topology.cells[q].top)],
              &bottom = field[static_cast<std::size_t>(shape.topology.cells[q].bottom)];
      const FieldPair after = apply(s.cells[q].transfer, {top, bottom});
      top = after.top;
      bottom = after.bottom;
    }
    double* column = &jacobian[(static_cast<std::size_t>(columns.input) + p) * rows];
    for (std::size_t k = 0; k < count; ++k)
      for (std::size_t i = 0; i < ports; ++i) {
        const Complex share = mul(field[i], s.injected[k * ports + p]);
        column[k * ports + i] = 0.5 * (s.pull_re[k * ports + i] * share.real() -
                                       s.pull_im[k * ports + i] * share.imag());
      }
  }
}

void detector_columns(const BaseColumns& columns, std::span<const double> weight,
                      std::span<const double> signal, std::vector<double>& jacobian) {
  const auto ports = static_cast<std::size_t>(columns.ports);
  const std::size_t rows = signal.size();
  for (std::size_t p = 0; p < ports; ++p) {
    const auto fill = [&](int first, std::span<const double> values) {
      if (first < 0) return;
      double* column = &jacobian[(static_cast<std::size_t>(first) + p) * rows];
      std::fill(column, column + rows, 0.0);
      for (std::size_t row = p; row < rows; row += ports)
        column[row] = (weight.empty() ? 1.0 : weight[row]) * (values.empty() ? 1.0 : values[row]);
    };
    fill(columns.output, signal);
    fill(columns.offset, {});
  }
}

}  // namespace

BaseColumns base_columns(const ChipShape& shape, const FreeSet& free) {
  BaseColumns columns{.cells = shape.cells(), .ports = shape.ports(), .size = 4 * shape.cells()};
  const auto take = [&](ParameterKind kind, int count, int& first) {
    bool any = false;
    for (int i = 0; i < shape.parameters.count(kind); ++i)
      any = any || free.has(shape.parameters.at(kind, i));
    if (!any) return;
    first = columns.size;
    columns.size += count;
  };
  take(ParameterKind::arm_gain, shape.heater_count(), columns.arm);
  take(ParameterKind::device_gain, 1, columns.device);
  take(ParameterKind::input_gain, shape.ports(), columns.input);
  take(ParameterKind::output_gain, shape.ports(), columns.output);
  take(ParameterKind::offset, shape.ports(), columns.offset);
  return columns;
}

void differentiate(const ChipModel& chip, const SettingLight& light, const WeightedColumns& wanted,
                   SettingDerivatives& result) {
  const ChipShape& shape = chip.shape;
  const std::span<const double> parameters = chip.parameters, row_weight = wanted.row_weight;
  const Inputs& inputs = light.inputs;
  const BaseColumns& columns = wanted.columns;
  const auto ports = static_cast<std::size_t>(shape.ports());
  const std::size_t rows = static_cast<std::size_t>(inputs.count) * ports;
  assert(row_weight.empty() || row_weight.size() == rows);
  Sweeps s{.cells = cell_states(shape, parameters, light.phases_rad)};
  sweep_forward(shape, parameters, inputs, s);
  sweep_backward(shape, s);
  const ParameterLayout& at = shape.parameters;
  s.pull_re.resize(rows);
  s.pull_im.resize(rows);
  result.readings.resize(rows);
  std::vector<double> signal(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t p = row % ports;
    const double gain =
        std::exp(parameters[static_cast<std::size_t>(at.first(ParameterKind::output_gain)) + p]);
    const double pull = 2 * gain * (row_weight.empty() ? 1.0 : row_weight[row]);
    s.pull_re[row] = pull * s.out[row].real();
    s.pull_im[row] = -pull * s.out[row].imag();
    signal[row] = gain * std::norm(s.out[row]);
    result.readings[row] =
        signal[row] + parameters[static_cast<std::size_t>(at.first(ParameterKind::offset)) + p];
  }
  result.jacobian.resize(static_cast<std::size_t>(columns.size) * rows);
  parallel_if(threads_if(ports >= 12), s.cells.size(),
              [&](std::size_t q) { cell_columns(s, columns, q, result.jacobian); });
  if (columns.device >= 0) device_column(s, columns, ports, result.jacobian);
  if (columns.input >= 0) input_columns(shape, s, columns, result.jacobian);
  detector_columns(columns, row_weight, signal, result.jacobian);
}

}  // namespace lightloom::calibration

#include "calibration/problem/linearised_mesh.hpp"

#include <algorithm>
#include <cmath>

#include "calibration/derivatives/field_rows.hpp"
#include "calibration/problem/expansion.hpp"
#include "calibration/problem/fit_problem.hpp"
#include "calibration/solvers/parallel_if.hpp"

namespace lightloom::calibration {
namespace {

using photonic::Cell;
using photonic::Complex;
using photonic::Transfer;
using Setting = LinearisedMesh::Setting;

/// Re sum_ab D_ab G_ab.
double overlap(const Transfer& d, const Transfer& g) {
  return (d.tt * g.tt + d.tb * g.tb + d.bt * g.bt + d.bb * g.bb).real();
}

void add_scaled(double factor, const Transfer& d, Transfer& sum) {
  sum.tt += factor * d.tt;
  sum.tb += factor * d.tb;
  sum.bt += factor * d.bt;
  sum.bb += factor * d.bb;
}

constexpr Complex arm_gain(0, -0.5);  // d/dg = -(i/2) d/dphase

/// What a change `base` of the base columns makes of one cell's transfer.
Transfer turned(const CellState& state, const BaseColumns& columns, int cell,
                std::span<const double> base) {
  const CellGradient g = gradient_of(state);
  const auto at = [&](int column) { return base[static_cast<std::size_t>(column)]; };
  Complex theta = at(columns.phase(2 * cell)), phi = at(columns.phase(2 * cell + 1));
  if (columns.arm >= 0) {
    theta += arm_gain * at(columns.arm + 2 * cell);
    phi += arm_gain * at(columns.arm + 2 * cell + 1);
  }
  Transfer sum{theta * g.theta.tt + phi * g.phi.tt, theta * g.theta.tb + phi * g.phi.tb,
               theta * g.theta.bt + phi * g.phi.bt, theta * g.theta.bb + phi * g.phi.bb};
  add_scaled(at(columns.alpha(cell)), g.alpha, sum);
  add_scaled(at(columns.beta(cell)), g.beta, sum);
  if (columns.device >= 0) add_scaled(at(columns.device), g.device, sum);
  return sum;
}

/// A cell by its number, in a state.
struct NumberedCell {
  const CellState& state;
  int number;
};

/// The same backwards: the share of every base column of one cell, G_ab = sum_k lambda_a f_b.
void collect(const NumberedCell& of, const BaseColumns& columns, const Transfer& g,
             std::span<double> base) {
  const int cell = of.number;
  const CellGradient d = gradient_of(of.state);
  const auto at = [&](int column) -> double& { return base[static_cast<std::size_t>(column)]; };
  at(columns.phase(2 * cell)) = overlap(d.theta, g);
  at(columns.phase(2 * cell + 1)) = overlap(d.phi, g);
  at(columns.alpha(cell)) = overlap(d.alpha, g);
  at(columns.beta(cell)) = overlap(d.beta, g);
  if (columns.device >= 0) at(columns.device) += overlap(d.device, g);
  if (columns.arm < 0) return;
  const auto turned_by = [&](const Transfer& t) {
    return overlap({arm_gain * t.tt, arm_gain * t.tb, arm_gain * t.bt, arm_gain * t.bb}, g);
  };
  at(columns.arm + 2 * cell) = turned_by(d.theta);
  at(columns.arm + 2 * cell + 1) = turned_by(d.phi);
}

/// Weighted changes of the readings (ports, inputs) by a change of the base columns.
std::vector<double> run_forward(const FitProblem& problem, const BaseColumns& columns,
                                const Setting& s, std::span<const double> base) {
  const auto ports = static_cast<std::size_t>(problem.shape->ports());
  const std::size_t count = s.signal.size() / ports;
  FieldRows t(ports, count);
  for (std::size_t p = 0; columns.input >= 0 && p < ports; ++p) {
    const double half = 0.5 * base[static_cast<std::size_t>(columns.input) + p];
    for (std::size_t i = p * count; i < (p + 1) * count; ++i) {
      t.re[i] = half * s.injected_re[i];
      t.im[i] = half * s.injected_im[i];
    }
  }
  for (std::size_t q = 0; q < s.cells.size(); ++q) {
    const RowPair rows = rows_of(t, problem.shape->topology.cells[q]);
    apply(s.cells[q].transfer, count, rows);
    add(turned(s.cells[q], columns, static_cast<int>(q), base),
        {&s.re[2 * q * count], &s.im[2 * q * count]}, count, rows);
  }
  std::vector<double> change(s.signal.size());
  for (std::size_t p = 0; p < ports; ++p) {
    const double gain =
        columns.output >= 0 ? base[static_cast<std::size_t>(columns.output) + p] : 0;
    const double offset =
        columns.offset >= 0 ? base[static_cast<std::size_t>(columns.offset) + p] : 0;
    for (std::size_t i = p * count; i < (p + 1) * count; ++i)
      change[i] = s.pull_re[i] * t.re[i] - s.pull_im[i] * t.im[i] + gain * s.signal[i] +
                  offset * s.weight[i];
  }
  return change;
}

/// The shares of the base columns in weighted readings (ports, inputs): the transpose of the above.
std::vector<double> run_back(const FitProblem& problem, const BaseColumns& columns,
                             const Setting& s, std::span<const double> weighted) {
  const auto ports = static_cast<std::size_t>(problem.shape->ports());
  const std::size_t count = s.signal.size() / ports;
  std::vector<double> base(static_cast<std::size_t>(columns.size));
  FieldRows lambda(ports, count);
  for (std::size_t p = 0; p < ports; ++p) {
    double gain = 0, offset = 0;
    for (std::size_t i = p * count; i < (p + 1) * count; ++i) {
      lambda.re[i] = weighted[i] * s.pull_re[i];
      lambda.im[i] = weighted[i] * s.pull_im[i];
      gain += weighted[i] * s.signal[i];
      offset += weighted[i] * s.weight[i];
    }
    if (columns.output >= 0) base[static_cast<std::size_t>(columns.output) + p] = gain;
    if (columns.offset >= 0) base[static_cast<std::size_t>(columns.offset) + p] = offset;
  }
  for (std::size_t q = s.cells.size(); q-- > 0;) {
    const RowPair l = rows_of(lambda, problem.shape->topology.cells[q]);
    const FieldView top{&s.re[2 * q * count], &s.im[2 * q * count]},
        bottom{top.re + count, top.im + count}, l_top{l.top_re, l.top_im},
        l_bottom{l.bottom_re, l.bottom_im};
    const Transfer g{dot(l_top, top, count), dot(l_top, bottom, count), dot(l_bottom, top, count),
                     dot(l_bottom, bottom, count)};
    collect({s.cells[q], static_cast<int>(q)}, columns, g, base);
    const Transfer& t = s.cells[q].transfer;
    apply({t.tt, t.bt, t.tb, t.bb}, count, l);
  }
  for (std::size_t p = 0; columns.input >= 0 && p < ports; ++p)
    base[static_cast<std::size_t>(columns.input) + p] =
        0.5 * dot({&lambda.re[p * count], &lambda.im[p * count]},
                  {&s.injected_re[p * count], &s.injected_im[p * count]}, count)
                  .real();
  return base;
}

/// A setting by its number, to be filled.
struct NumberedSetting {
  int number;
  Setting& state;
};

/// Fields, pulls and residuals of one setting.
void prepare(const FitProblem& problem, std::span<const double> parameters,
             const BaseColumns& columns, const NumberedSetting& of) {
  const int setting = of.number;
  Setting& s = of.state;
  const ChipShape& shape = *problem.shape;
  const Inputs& inputs = problem.data->inputs;
  const auto ports = static_cast<std::size_t>(shape.ports()),
             count = static_cast<std::size_t>(inputs.count);
  const std::span<const double> voltages = problem.data->voltages_of(setting);
  std::vector<double> phases(voltages.size());
  heater_phases(shape, parameters, voltages, phases);
  s.cells = cell_states(shape, parameters, phases);
  s.expansion = expand({shape, parameters}, voltages, columns, problem.free);
  FieldRows f(ports, count);
  const auto value = [&](ParameterKind kind, std::size_t i) {
    return parameters[static_cast<std::size_t>(shape.parameters.first(kind)) + i];
  };
  for (std::size_t p = 0; p < ports; ++p) {
    const double coupling = std::exp(value(ParameterKind::input_gain, p) / 2);
    for (std::size_t k = 0; k < count; ++k) {
      f.re[p * count + k] = coupling * inputs.fields[k * ports + p].real();
      f.im[p * count + k] = coupling * inputs.fields[k * ports + p].imag();
    }
  }
  s.injected_re = f.re;
  s.injected_im = f.im;
  s.re.resize(2 * s.cells.size() * count);
  s.im.resize(s.re.size());
  for (std::size_t q = 0; q < s.cells.size(); ++q) {
    const RowPair rows = rows_of(f, shape.topology.cells[q]);
    double *re = &s.re[2 * q * count], *im = &s.im[2 * q * count];
    std::copy_n(rows.top_re, count, re);
    std::copy_n(rows.top_im, count, im);
    std::copy_n(rows.bottom_re, count, re + count);
    std::copy_n(rows.bottom_im, count, im + count);
    apply(s.cells[q].transfer, count, rows);
  }
  std::vector<double> model(count * ports);
  for (std::size_t p = 0; p < ports; ++p)
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t i = p * count + k;
      model[k * ports + p] =
          std::exp(value(ParameterKind::output_gain, p)) * (f.re[i] * f.re[i] + f.im[i] * f.im[i]) +
          value(ParameterKind::offset, p);
    }
  const SettingResiduals r = setting_residuals(problem, setting, model, problem.loss);
  s.cost = r.cost;
  for (std::vector<double>* row : {&s.pull_re, &s.pull_im, &s.signal, &s.weight, &s.residual})
    row->resize(count * ports);
  for (std::size_t p = 0; p < ports; ++p) {
    const double gain = std::exp(value(ParameterKind::output_gain, p));
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t i = p * count + k, row = k * ports + p;
      const double w = r.row_weight[row];
      s.pull_re[i] = 2 * gain * w * f.re[i];
      s.pull_im[i] = -2 * gain * w * f.im[i];
      s.signal[i] = w * gain * (f.re[i] * f.re[i] + f.im[i] * f.im[i]);
      s.weight[i] = w;
      s.residual[i] = r.residual[row];
    }
  }
}

/// sum of E^T base over the free parameters.
void gather(const Expansion& e, std::span<const double> base, std::span<double> result) {
  for (std::size_t f = 0; f + 1 < e.start.size(); ++f)
    for (int t = e.start[f]; t < e.start[f + 1]; ++t) {
      const auto at = static_cast<std::size_t>(t);
      result[f] += e.weight[at] * base[static_cast<std::size_t>(e.column[at])];
    }
}

std::vector<double> scatter(const Expansion& e, std::span<const double> v, int columns) {
  std::vector<double> base(static_cast<std::size_t>(columns));
  for (std::size_t f = 0; f + 1 < e.start.size(); ++f)
    for (int t = e.start[f]; t < e.start[f + 1]; ++t) {
      const auto at = static_cast<std::size_t>(t);
      base[static_cast<std::size_t>(e.column[at])] += e.weight[at] * v[f];
    }
  return base;
}

/// Adds the rows of (settings, free) in order.
void sum_rows(const std::vector<double>& rows, std::span<double> result) {
  std::fill(result.begin(), result.end(), 0.0);
  for (std::size_t i = 0; i < rows.size(); ++i) result[i % result.size()] += rows[i];
}

}  // namespace

double LinearisedMesh::linearise(std::span<const double> parameters, std::span<double> gradient) {
  columns_ = base_columns(*problem_.shape, problem_.free);
  const std::size_t count = problem_.settings.size(), n = gradient.size();
  settings_.resize(count);
  std::vector<double> shares(count * n);
  parallel_if(threads_if(problem_.data->large()), count, [&](std::size_t s) {
    prepare(problem_, parameters, columns_, {problem_.settings[s], settings_[s]});
    gather(settings_[s].expansion,
           run_back(problem_, columns_, settings_[s], settings_[s].residual), {&shares[s * n], n});
  });
  sum_rows(shares, gradient);
  double cost = prior_cost(problem_, parameters);
  for (const Setting& s : settings_) cost += s.cost;
  const Prior& prior = problem_.prior;
  for (std::size_t f = 0; !prior.sigma.empty() && f < n; ++f) {
    const auto p = static_cast<std::size_t>(problem_.free.parameters[f]);
    if (prior.sigma[p] > 0)
      gradient[f] += (parameters[p] - prior.mean[p]) / (prior.sigma[p] * prior.sigma[p]);
  }
  return cost;
}

void LinearisedMesh::product(std::span<const double> v, std::span<double> result) const {
  const std::size_t count = settings_.size(), n = v.size();
  std::vector<double> shares(count * n);
  parallel_if(threads_if(problem_.data->large()), count, [&](std::size_t i) {
    const Setting& s = settings_[i];
    const std::vector<double> change =
        run_forward(problem_, columns_, s, scatter(s.expansion, v, columns_.size));
    gather(s.expansion, run_back(problem_, columns_, s, change), {&shares[i * n], n});
  });
  sum_rows(shares, result);
  const Prior& prior = problem_.prior;
  for (std::size_t f = 0; !prior.sigma.empty() && f < n; ++f) {
    const double sigma = prior.sigma[static_cast<std::size_t>(problem_.free.parameters[f])];
    if (sigma > 0) result[f] += v[f] / (sigma * sigma);
  }
}

}  // namespace lightloom::calibration

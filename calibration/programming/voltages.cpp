#include "calibration/programming/voltages.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "calibration/model/field_pair.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/decomposition/butterfly.hpp"
#include "photonic/decomposition/local_correction.hpp"
#include "photonic/decomposition/matrix_decomposition.hpp"
#include "photonic/devices/heater.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::calibration {
namespace {

using photonic::Complex;
using photonic::SquareMatrix;

constexpr double turn = 2 * std::numbers::pi;
constexpr int rounds = 20;         // crosstalk of 1 % falls by that factor every round
constexpr double settled = 1e-13;  // of the greatest V^2

std::vector<double> without_splitter_errors(const ChipShape& shape, std::vector<double> values) {
  for (const ParameterKind kind : {ParameterKind::alpha, ParameterKind::beta})
    for (int k = 0; k < shape.cells(); ++k)
      values[static_cast<std::size_t>(shape.parameters.at(kind, k))] = 0;
  return values;
}

}  // namespace

Programming voltages_for(const ChipShape& shape, std::span<const double> parameters,
                         const photonic::MeshSettings& settings, double max_voltage_V) {
  const auto heaters = static_cast<std::size_t>(shape.heater_count());
  const auto value = [&](ParameterKind kind, std::size_t h) {
    return parameters[static_cast<std::size_t>(shape.parameters.first(kind)) + h];
  };
  Programming result;
  result.voltages.assign(heaters, 0.0);
  std::vector<double> phases(heaters), square(heaters);
  for (int round = 0; round < rounds; ++round) {
    heater_phases(shape, parameters, result.voltages, phases);
    result.out_of_range = 0;
    double moved = 0;
    for (std::size_t h = 0; h < heaters; ++h) {
      const double target = h % 2 == 0 ? settings.theta[h / 2] : settings.phi[h / 2];
      const photonic::HeaterLaw law{value(ParameterKind::efficiency, h),
                                    value(ParameterKind::curvature, h)};
      double heat = target - (phases[h] - law.phase(square[h]));
      heat -= turn * std::floor(heat / turn);
      const auto wanted = law.gamma > 0 ? law.square(heat) : photonic::HeaterLaw::Square{0, false};
      const double limit = max_voltage_V * max_voltage_V;
      if (!wanted.reached || wanted.value > limit) ++result.out_of_range;
      const double set = std::clamp(wanted.reached ? wanted.value : limit, 0.0, limit);
      moved = std::max(moved, std::abs(set - square[h]) / limit);
      square[h] = set;
    }
    for (std::size_t h = 0; h < heaters; ++h) result.voltages[h] = std::sqrt(square[h]);
    if (moved < settled) break;
  }
  return result;
}

ProgrammedMatrix program(const ChipShape& shape, std::span<const double> parameters,
                         const ComplexMatrix& target, const ProgrammingOptions& options) {
  using Target = photonic::DecompositionOptions::Target;
  require(
      target.rows == shape.ports() && target.columns == shape.ports(),
      "the matrix is {} x {}, the chip has {} ports (one mesh makes a matrix of as many rows and "
      "columns: pad a smaller one with ones on the diagonal; other shapes need two meshes, the "
      "svd target of decompose)",
      target.rows, target.columns, shape.ports());
  const photonic::MatrixDecomposition ideal = photonic::decompose_matrix(
      target, {.mesh = shape.topology.kind,
               .target = options.nearest ? Target::nearest : Target::unitary,
               .tolerance = options.tolerance});
  ProgrammedMatrix result{.rounded = ideal.rounded,
                          .inputs_reversed = ideal.inputs_reversed,
                          .outputs_reversed = ideal.outputs_reversed};
  const photonic::CorrectedSettings corrected =
      photonic::correct_locally(shape.topology, ideal.right, fabrication_of(shape, parameters));
  result.set = voltages_for(shape, parameters, corrected.settings, options.max_voltage_V);
  result.set.unreachable = corrected.unreachable;
  result.target = photonic::SquareMatrix(shape.ports());
  result.target.values = target.values;
  if (result.inputs_reversed) result.target = photonic::reverse_columns(result.target);
  if (result.outputs_reversed) result.target = photonic::reverse_rows(result.target);
  return result;
}

namespace {

/// The `number`-th random matrix that the chip's mesh can make.
SquareMatrix random_target(const ChipShape& shape, std::uint64_t seed, std::uint64_t number) {
  if (shape.topology.kind != photonic::MeshKind::butterfly)
    return photonic::haar_unitary(shape.ports(), Stream({.seed = seed, .purpose = Purpose::haar}),
                                  number);
  const Stream stream({.seed = seed + number, .purpose = Purpose::haar});
  return photonic::mesh_matrix(shape.topology, photonic::DeviceKind::mzi,
                               photonic::random_butterfly_settings(shape.topology, stream));
}

}  // namespace

SquareMatrix realised_matrix(const ChipShape& shape, std::span<const double> parameters,
                             std::span<const double> voltages) {
  std::vector<double> phases(voltages.size());
  heater_phases(shape, parameters, voltages, phases);
  std::vector<photonic::Transfer> transfers(shape.topology.cells.size());
  chip_transfers(shape, parameters, phases, transfers);
  const int n = shape.ports();
  SquareMatrix result = photonic::identity_matrix(n);
  for (std::size_t k = 0; k < transfers.size(); ++k) {
    const photonic::Cell& cell = shape.topology.cells[k];
    for (int column = 0; column < n; ++column) {
      Complex &top = result(cell.top, column), &bottom = result(cell.bottom, column);
      const FieldPair out = apply(transfers[k], {top, bottom});
      top = out.top;
      bottom = out.bottom;
    }
  }
  return result;
}

double error_up_to_port_phases(const SquareMatrix& a, const SquareMatrix& b) {
  const int n = a.size;
  std::vector<Complex> out(static_cast<std::size_t>(n), 1.0), in(static_cast<std::size_t>(n), 1.0);
  // Alternating maximisation of Re <D_out a D_in, b>; every half step is exact.
  double overlap = 0;
  for (int round = 0; round < 500; ++round) {
    double now = 0;
    for (int i = 0; i < n; ++i) {
      Complex sum = 0;
      for (int j = 0; j < n; ++j)
        sum += std::conj(a(i, j) * in[static_cast<std::size_t>(j)]) * b(i, j);
      out[static_cast<std::size_t>(i)] = std::abs(sum) > 0 ? sum / std::abs(sum) : 1.0;
    }
    for (int j = 0; j < n; ++j) {
      Complex sum = 0;
      for (int i = 0; i < n; ++i)
        sum += std::conj(a(i, j) * out[static_cast<std::size_t>(i)]) * b(i, j);
      in[static_cast<std::size_t>(j)] = std::abs(sum) > 0 ? sum / std::abs(sum) : 1.0;
      now += std::abs(sum);
    }
    if (now - overlap <= 1e-14 * now) break;
    overlap = now;
  }
  double norm = 0;
  for (const Complex& value : a.values) norm += std::norm(value);
  SquareMatrix moved(n);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      moved(i, j) = (norm > 0 ? overlap / norm : 0.0) * out[static_cast<std::size_t>(i)] * a(i, j) *
                    in[static_cast<std::size_t>(j)];
  return photonic::matrix_error(moved, b);
}

ProgrammingComparison compare_programming(const ChipShape& shape, const ParameterBeliefs& beliefs,
                                          const ProgrammingTrial& trial) {
  const int targets = trial.targets;
  const std::vector<double> heaters_only = without_splitter_errors(shape, beliefs.fitted);
  ProgrammingComparison mean{.targets = targets};
  for (int t = 0; t < targets; ++t) {
    const SquareMatrix target = random_target(shape, trial.seed, static_cast<std::uint64_t>(t));
    const auto error = [&](const std::vector<double>& believed) {
      const ProgrammedMatrix made =
          program(shape, believed, {target.size, target.size, target.values},
                  {.max_voltage_V = trial.max_voltage_V});
      return error_up_to_port_phases(realised_matrix(shape, beliefs.hidden, made.set.voltages),
                                     made.target) /
             targets;
    };
    mean.uncalibrated += error(beliefs.design);
    mean.heaters_only += error(heaters_only);
    mean.fitted += error(beliefs.fitted);
    mean.perfect += error(beliefs.hidden);
  }
  return mean;
}

}  // namespace lightloom::calibration

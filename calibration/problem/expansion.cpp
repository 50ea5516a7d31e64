#include "calibration/problem/expansion.hpp"

namespace lightloom::calibration {
namespace {

/// Rows of the sparse matrix gathered by free parameter.
struct Gather {
  const FreeSet& free;
  std::vector<std::vector<std::pair<int, double>>> entries;

  explicit Gather(const FreeSet& set) : free(set), entries(set.parameters.size()) {}
  void add(int parameter, int column, double weight) {
    const int position = free.position[static_cast<std::size_t>(parameter)];
    if (position >= 0) entries[static_cast<std::size_t>(position)].emplace_back(column, weight);
  }
};

void gather_heaters(const ChipModel& chip, std::span<const double> voltages,
                    const BaseColumns& columns, Gather& gather) {
  const ChipShape& shape = chip.shape;
  const std::span<const double> parameters = chip.parameters;
  const ParameterLayout& at = shape.parameters;
  const auto value = [&](ParameterKind kind, int i) {
    return parameters[static_cast<std::size_t>(at.at(kind, i))];
  };
  const auto square = [&](int heater) {
    const double v = voltages[static_cast<std::size_t>(heater)];
    return v * v;
  };
  for (int h = 0; h < shape.heater_count(); ++h) {
    const double v2 = square(h);
    gather.add(at.at(ParameterKind::efficiency, h), columns.phase(h), v2);
    gather.add(at.at(ParameterKind::curvature, h), columns.phase(h), v2 * v2);
    gather.add(at.at(ParameterKind::bias, h), columns.phase(h), 1);
  }
  const std::vector<HeatKernel> kernels = crosstalk_kernels(shape, parameters);
  std::vector<double> by_amplitude(voltages.size()), by_decay(voltages.size());
  for (const HeaterNeighbour& n : shape.neighbours) {
    const HeatKernel& kernel = kernels[static_cast<std::size_t>(n.pair)];
    const double v2 = square(n.aggressor);
    const double gamma =
        kernel.value + (n.coupling >= 0 ? value(ParameterKind::coupling, n.coupling) : 0.0);
    gather.add(at.at(ParameterKind::efficiency, n.aggressor), columns.phase(n.victim), gamma * v2);
    gather.add(at.at(ParameterKind::curvature, n.aggressor), columns.phase(n.victim),
               gamma * v2 * v2);
    const double heat = (value(ParameterKind::efficiency, n.aggressor) +
                         value(ParameterKind::curvature, n.aggressor) * v2) *
                        v2;
    by_amplitude[static_cast<std::size_t>(n.victim)] += kernel.by_amplitude * heat;
    by_decay[static_cast<std::size_t>(n.victim)] += kernel.by_decay * heat;
    if (n.coupling >= 0)
      gather.add(at.at(ParameterKind::coupling, n.coupling), columns.phase(n.victim), heat);
  }
  for (int h = 0; h < shape.heater_count(); ++h) {
    gather.add(at.at(ParameterKind::crosstalk, 0), columns.phase(h),
               by_amplitude[static_cast<std::size_t>(h)]);
    gather.add(at.at(ParameterKind::crosstalk, 1), columns.phase(h),
               by_decay[static_cast<std::size_t>(h)]);
  }
}

}  // namespace

Expansion expand(const ChipModel& chip, std::span<const double> voltages,
                 const BaseColumns& columns, const FreeSet& free) {
  const ChipShape& shape = chip.shape;
  Gather gather(free);
  gather_heaters(chip, voltages, columns, gather);
  const ParameterLayout& at = shape.parameters;
  for (int k = 0; k < shape.cells(); ++k) {
    gather.add(at.at(ParameterKind::alpha, k), columns.alpha(k), 1);
    gather.add(at.at(ParameterKind::beta, k), columns.beta(k), 1);
  }
  for (int h = 0; h < shape.heater_count(); ++h)
    gather.add(at.at(ParameterKind::arm_gain, h), columns.arm + h, 1);
  gather.add(at.at(ParameterKind::device_gain, 0), columns.device, 1);
  for (int p = 0; p < shape.ports(); ++p) {
    gather.add(at.at(ParameterKind::input_gain, p), columns.input + p, 1);
    gather.add(at.at(ParameterKind::output_gain, p), columns.output + p, 1);
    gather.add(at.at(ParameterKind::offset, p), columns.offset + p, 1);
  }
  Expansion result;
  result.start.push_back(0);
  for (const auto& entries : gather.entries) {
    for (const auto& [column, weight] : entries) {
      result.column.push_back(column);
      result.weight.push_back(weight);
    }
    result.start.push_back(static_cast<int>(result.column.size()));
  }
  return result;
}

}  // namespace lightloom::calibration

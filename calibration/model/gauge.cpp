#include "calibration/model/gauge.hpp"

#include <fmt/format.h>

#include <cmath>

namespace lightloom::calibration {
namespace {

using photonic::Cell;

/// What a phase (or log gain) given to every input port becomes: T(x + a - b) diag(e^b) =
/// T(x) diag(e^a, e^b), so each phi arm takes the difference of its two ports and both outputs
/// carry what the lower port had.
struct Carried {
  std::vector<double> arms;     // (cells)
  std::vector<double> outputs;  // (ports)
};
Carried carry(const ChipShape& shape, std::vector<double> at_port) {
  Carried result;
  for (const Cell& cell : shape.topology.cells) {
    double& top = at_port[static_cast<std::size_t>(cell.top)];
    const double bottom = at_port[static_cast<std::size_t>(cell.bottom)];
    result.arms.push_back(top - bottom);
    top = bottom;
  }
  result.outputs = std::move(at_port);
  return result;
}

std::vector<double> one_port(const ChipShape& shape, int port) {
  std::vector<double> at_port(static_cast<std::size_t>(shape.ports()));
  at_port[static_cast<std::size_t>(port)] = 1;
  return at_port;
}

/// Collects directions that move free parameters only.
class Collector {
 public:
  Collector(const ChipShape& shape, const FreeSet& free) : shape_(shape), free_(free) {}

  std::vector<double>& begin() {
    direction_.assign(static_cast<std::size_t>(shape_.parameters.size()), 0.0);
    return direction_;
  }
  double& at(ParameterKind kind, int element) {
    return direction_[static_cast<std::size_t>(shape_.parameters.at(kind, element))];
  }
  void finish(std::string name) {
    double norm = 0;
    for (std::size_t p = 0; p < direction_.size(); ++p) {
      if (direction_[p] == 0) continue;
      if (!free_.has(static_cast<int>(p))) return;
      norm += direction_[p] * direction_[p];
    }
    if (norm > 0) found.push_back({std::move(name), direction_});
  }

  std::vector<NullDirection> found;

 private:
  const ChipShape& shape_;
  const FreeSet& free_;
  std::vector<double> direction_;
};

void input_phases(const ChipShape& shape, const FreeSet& free, Collector& collect) {
  const bool screen = free.has(shape.parameters.at(ParameterKind::screen, 0));
  for (int port = 0; port < shape.ports(); ++port) {
    const Carried moved = carry(shape, one_port(shape, port));
    collect.begin();
    for (int k = 0; k < shape.cells(); ++k)
      collect.at(ParameterKind::bias, 2 * k + 1) = moved.arms[static_cast<std::size_t>(k)];
    for (int p = 0; screen && p < shape.ports(); ++p)
      collect.at(ParameterKind::screen, p) = moved.outputs[static_cast<std::size_t>(p)];
    collect.finish(fmt::format("input phase of port {}", port));
  }
  for (int port = 0; port < shape.ports(); ++port) {
    collect.begin();
    collect.at(ParameterKind::screen, port) = 1;
    collect.finish(fmt::format("output phase of port {}", port));
  }
}

void input_gains(const ChipShape& shape, Collector& collect) {
  collect.begin();
  for (int p = 0; p < shape.ports(); ++p) {
    collect.at(ParameterKind::input_gain, p) = 1;
    collect.at(ParameterKind::output_gain, p) = -1;
  }
  collect.finish("common scale of the input couplings against the detector gains");
  for (int port = 0; port < shape.ports(); ++port) {
    const Carried moved = carry(shape, one_port(shape, port));
    collect.begin();
    collect.at(ParameterKind::input_gain, port) = 1;
    for (int k = 0; k < shape.cells(); ++k)
      collect.at(ParameterKind::arm_gain, 2 * k + 1) = -moved.arms[static_cast<std::size_t>(k)];
    for (int p = 0; p < shape.ports(); ++p)
      collect.at(ParameterKind::output_gain, p) = -moved.outputs[static_cast<std::size_t>(p)];
    collect.finish(fmt::format("gain of input port {} against the gains of the arms", port));
  }
}

/// A gain of all cells moved onto the phi arms: what a cell gives to both its ports is carried on.
void common_gain(const ChipShape& shape, Collector& collect) {
  std::vector<double> at_port(static_cast<std::size_t>(shape.ports()));
  collect.begin();
  collect.at(ParameterKind::device_gain, 0) = 1;
  for (int k = 0; k < shape.cells(); ++k) {
    const Cell& cell = shape.topology.cells[static_cast<std::size_t>(k)];
    double& top = at_port[static_cast<std::size_t>(cell.top)];
    double& bottom = at_port[static_cast<std::size_t>(cell.bottom)];
    collect.at(ParameterKind::arm_gain, 2 * k + 1) = -(top - bottom);
    bottom += 1;
    top = bottom;
  }
  for (int p = 0; p < shape.ports(); ++p)
    collect.at(ParameterKind::output_gain, p) = -at_port[static_cast<std::size_t>(p)];
  collect.finish("loss common to all MZIs against the gains of arms and detectors");
}

/// The ports' carried phases as a forest: value of a label = value of its root + offset.
class Forest {
 public:
  explicit Forest(int ports) : parent_(static_cast<std::size_t>(ports)), offset_(parent_.size()) {
    for (std::size_t p = 0; p < parent_.size(); ++p) parent_[p] = p;
  }
  /// Makes value(a) - value(b) = difference when nothing fixes it yet; false when something does.
  bool fix(std::size_t a, std::size_t b, double difference) {
    const auto [root_a, offset_a] = find(a);
    const auto [root_b, offset_b] = find(b);
    if (root_a == root_b) return false;
    parent_[root_a] = root_b;
    offset_[root_a] = difference + offset_b - offset_a;
    return true;
  }
  [[nodiscard]] std::pair<std::size_t, double> find(std::size_t label) const {
    double offset = 0;
    for (; parent_[label] != label; label = parent_[label]) offset += offset_[label];
    return {label, offset};
  }

 private:
  std::vector<std::size_t> parent_;
  std::vector<double> offset_;
};

/// Input phases that change phi_0 of the gauge cells by `wanted` (cells), and which cells those
/// are: the ones whose two ports carry phases nothing has tied together before. N - 1 in any mesh
/// that joins all ports; in a Clements mesh those of the first two columns.
struct Gauge {
  std::vector<double> input_phases;
  std::vector<bool> is_gauge_cell;
};
Gauge solve_gauge(const ChipShape& shape, std::span<const double> wanted) {
  Forest forest(shape.ports());
  std::vector<std::size_t> label(static_cast<std::size_t>(shape.ports()));
  for (std::size_t p = 0; p < label.size(); ++p) label[p] = p;
  Gauge gauge;
  for (std::size_t k = 0; k < shape.topology.cells.size(); ++k) {
    const Cell& cell = shape.topology.cells[k];
    std::size_t& top = label[static_cast<std::size_t>(cell.top)];
    const std::size_t bottom = label[static_cast<std::size_t>(cell.bottom)];
    gauge.is_gauge_cell.push_back(forest.fix(top, bottom, wanted.empty() ? 0.0 : wanted[k]));
    top = bottom;
  }
  for (std::size_t p = 0; p < label.size(); ++p)
    gauge.input_phases.push_back(forest.find(p).second);
  return gauge;
}

/// Cells whose two ports met no cell before: a phase in front of them meets no interferometer.
std::vector<bool> fresh_cells(const ChipShape& shape) {
  std::vector<bool> met(static_cast<std::size_t>(shape.ports()), false), fresh;
  for (const Cell& cell : shape.topology.cells) {
    const auto top = static_cast<std::size_t>(cell.top),
               bottom = static_cast<std::size_t>(cell.bottom);
    fresh.push_back(!met[top] && !met[bottom]);
    met[top] = met[bottom] = true;
  }
  return fresh;
}

void first_column(const ChipShape& shape, const FreeSet& free, std::span<const double> parameters,
                  Collector& collect) {
  const ParameterLayout& at = shape.parameters;
  const bool seen = parameters[static_cast<std::size_t>(at.at(ParameterKind::crosstalk, 0))] != 0 ||
                    free.has(at.at(ParameterKind::crosstalk, 0));
  const std::vector<bool> fresh = fresh_cells(shape);
  for (int k = 0; !seen && k < shape.cells(); ++k) {
    if (!fresh[static_cast<std::size_t>(k)]) continue;
    for (const ParameterKind kind : {ParameterKind::efficiency, ParameterKind::curvature}) {
      collect.begin();
      collect.at(kind, 2 * k + 1) = 1;
      collect.finish(
          fmt::format("{} (no interferometer in front of it)", at.name(at.at(kind, 2 * k + 1))));
    }
  }
}

}  // namespace

std::vector<NullDirection> known_null_directions(const ChipShape& shape, const FreeSet& free,
                                                 std::span<const double> parameters) {
  Collector collect(shape, free);
  input_phases(shape, free, collect);
  input_gains(shape, collect);
  common_gain(shape, collect);
  first_column(shape, free, parameters, collect);
  return std::move(collect.found);
}

void hold_gauge(const ChipShape& shape, std::vector<bool>& is_free) {
  const ParameterLayout& at = shape.parameters;
  const auto is = [&](ParameterKind kind, int i) {
    return static_cast<bool>(is_free[static_cast<std::size_t>(at.at(kind, i))]);
  };
  const auto hold = [&](ParameterKind kind, int i) {
    is_free[static_cast<std::size_t>(at.at(kind, i))] = false;
  };
  const bool crosstalk = is(ParameterKind::crosstalk, 0), arms = is(ParameterKind::arm_gain, 0);
  const std::vector<bool> gauge = solve_gauge(shape, {}).is_gauge_cell, fresh = fresh_cells(shape);
  for (int k = 0; k < shape.cells(); ++k) {
    if (gauge[static_cast<std::size_t>(k)]) {
      hold(ParameterKind::bias, 2 * k + 1);
      if (arms) hold(ParameterKind::arm_gain, 2 * k + 1);
    }
    if (fresh[static_cast<std::size_t>(k)] && !crosstalk) {
      hold(ParameterKind::efficiency, 2 * k + 1);
      hold(ParameterKind::curvature, 2 * k + 1);
    }
  }
  if (arms) hold(ParameterKind::device_gain, 0);
  if (is(ParameterKind::input_gain, 0)) hold(ParameterKind::output_gain, 0);
  for (int p = 0; p < shape.ports(); ++p) hold(ParameterKind::screen, p);
}

std::vector<double> in_gauge_of(const ChipShape& shape, std::span<const double> parameters,
                                std::span<const double> reference) {
  std::vector<double> result(parameters.begin(), parameters.end());
  const ParameterLayout& at = shape.parameters;
  const auto value = [&](ParameterKind kind, int i) -> double& {
    return result[static_cast<std::size_t>(at.at(kind, i))];
  };
  const auto wanted = [&](ParameterKind kind, int i) {
    return reference[static_cast<std::size_t>(at.at(kind, i))];
  };
  std::vector<double> change(static_cast<std::size_t>(shape.cells()));
  for (int k = 0; k < shape.cells(); ++k)
    change[static_cast<std::size_t>(k)] =
        wanted(ParameterKind::bias, 2 * k + 1) - value(ParameterKind::bias, 2 * k + 1);
  const Carried moved = carry(shape, solve_gauge(shape, change).input_phases);
  for (int k = 0; k < shape.cells(); ++k)
    value(ParameterKind::bias, 2 * k + 1) += moved.arms[static_cast<std::size_t>(k)];
  const double scale = wanted(ParameterKind::output_gain, 0) - value(ParameterKind::output_gain, 0);
  for (int p = 0; p < shape.ports(); ++p) {
    value(ParameterKind::output_gain, p) += scale;
    value(ParameterKind::input_gain, p) -= scale;
    value(ParameterKind::screen, p) = wanted(ParameterKind::screen, p);
  }
  return result;
}

}  // namespace lightloom::calibration

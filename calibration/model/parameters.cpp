#include "calibration/model/parameters.hpp"

#include <fmt/format.h>

#include <cassert>

namespace lightloom::calibration {
namespace {

struct KindText {
  const char* name;
  const char* unit;
};
constexpr KindText texts[kinds] = {
    {"gamma", "rad/V^2"}, {"gamma_2", "rad/V^4"}, {"phi_0", "rad"},     {"alpha", "rad"},
    {"beta", "rad"},      {"arm_gain", "1"},      {"device_gain", "1"}, {"crosstalk", ""},
    {"input_gain", "1"},  {"output_gain", "1"},   {"offset", "power"},  {"screen", "rad"},
    {"coupling", "1"}};

std::string cell_name(const photonic::Topology& topology, int cell) {
  const photonic::Cell& c = topology.cells[static_cast<std::size_t>(cell)];
  return fmt::format("MZI {} (column {}, ports {}-{})", cell, c.column, c.top, c.bottom);
}

}  // namespace

ParameterLayout::ParameterLayout(const photonic::Topology& topology, std::vector<HeaterPair> pairs)
    : topology_(topology), pairs_(std::move(pairs)), start_(kinds + 1, 0) {
  const int cells = static_cast<int>(topology.cells.size()), ports = topology.modes;
  const int counts[kinds] = {2 * cells,
                             2 * cells,
                             2 * cells,
                             cells,
                             cells,
                             2 * cells,
                             1,
                             2,
                             ports,
                             ports,
                             ports,
                             ports,
                             static_cast<int>(pairs_.size())};
  for (std::size_t k = 0; k < kinds; ++k) start_[k + 1] = start_[k] + counts[k];
}

ParameterKind ParameterLayout::kind_of(int index) const {
  assert(index >= 0 && index < size());
  std::size_t k = 0;
  while (start_[k + 1] <= index) ++k;
  return static_cast<ParameterKind>(k);
}

std::string ParameterLayout::name(int index) const {
  const ParameterKind kind = kind_of(index);
  const int element = index - first(kind);
  const char* text = kind_name(kind);
  switch (kind) {
    case ParameterKind::efficiency:
    case ParameterKind::curvature:
    case ParameterKind::bias:
    case ParameterKind::arm_gain:
      return fmt::format("{} of {}", text, heater_name(topology_, element));
    case ParameterKind::alpha:
    case ParameterKind::beta:
      return fmt::format("{} of {}", text, cell_name(topology_, element));
    case ParameterKind::device_gain:
      return "log gain common to all MZIs";
    case ParameterKind::crosstalk:
      return element == 0 ? "amplitude of the crosstalk" : "decay length of the crosstalk";
    case ParameterKind::input_gain:
      return fmt::format("log coupling of input port {}", element);
    case ParameterKind::output_gain:
      return fmt::format("log gain of detector {}", element);
    case ParameterKind::offset:
      return fmt::format("offset of detector {}", element);
    case ParameterKind::screen:
      return fmt::format("output phase of port {}", element);
    case ParameterKind::coupling: {
      const HeaterPair& pair = pairs_[static_cast<std::size_t>(element)];
      return fmt::format("crosstalk of {} on {} beyond the kernel",
                         heater_name(topology_, pair.aggressor),
                         heater_name(topology_, pair.victim));
    }
  }
  return text;
}

const char* kind_name(ParameterKind kind) { return texts[static_cast<std::size_t>(kind)].name; }
const char* kind_unit(ParameterKind kind) { return texts[static_cast<std::size_t>(kind)].unit; }

std::string heater_name(const photonic::Topology& topology, int heater) {
  return fmt::format("the {} heater of {}", heater % 2 == 0 ? "theta" : "phi",
                     cell_name(topology, heater / 2));
}

FreeSet free_set(const std::vector<bool>& is_free) {
  FreeSet set;
  set.position.assign(is_free.size(), -1);
  for (std::size_t p = 0; p < is_free.size(); ++p) {
    if (!is_free[p]) continue;
    set.position[p] = set.size();
    set.parameters.push_back(static_cast<int>(p));
  }
  return set;
}

std::vector<bool> free_kinds(const ParameterLayout& layout,
                             const std::vector<ParameterKind>& kinds_freed) {
  std::vector<bool> is_free(static_cast<std::size_t>(layout.size()), false);
  for (const ParameterKind kind : kinds_freed)
    for (int i = 0; i < layout.count(kind); ++i)
      is_free[static_cast<std::size_t>(layout.at(kind, i))] = true;
  return is_free;
}

}  // namespace lightloom::calibration

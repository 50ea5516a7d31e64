#include "calibration/model/device_card.hpp"

#include <charconv>

#include "calibration/model/chip_card.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

double number_of(const Tree& value, const Tree& card, const char* kind) {
  double number = 0;
  const std::string& text = value.scalar;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  require(error == std::errc() && end == text.data() + text.size(),
          "{}: '{}' in '{}.values' is not a number", card.origin, text, kind);
  return number;
}

std::vector<double> numbers_of_card(const ChipShape& shape, const Tree& card, const char* what) {
  std::vector<double> numbers(static_cast<std::size_t>(shape.parameters.size()));
  for (int k = 0; k < kinds; ++k) {
    const ParameterKind kind = static_cast<ParameterKind>(k);
    if (shape.parameters.count(kind) == 0) continue;  // cards without near pairs have no section
    const Tree* section = card.find(kind_name(kind));
    const Tree* values = section != nullptr ? section->find(what) : nullptr;
    require(values != nullptr, "{}: no '{}.{}' (not the card of a calibrated mesh)", card.origin,
            kind_name(kind), what);
    require(static_cast<int>(values->items.size()) == shape.parameters.count(kind),
            "{}: '{}' has {} values, a mesh of {} ports has {}", card.origin, kind_name(kind),
            values->items.size(), shape.ports(), shape.parameters.count(kind));
    for (std::size_t i = 0; i < values->items.size(); ++i)
      numbers[static_cast<std::size_t>(shape.parameters.first(kind)) + i] =
          number_of(values->items[i], card, kind_name(kind));
  }
  return numbers;
}

}  // namespace

Tree device_card(const ChipShape& shape, std::span<const double> parameters,
                 std::span<const double> sigma) {
  Tree card = Tree::mapping();
  card.at_or_add("kind") = Tree::of(std::string("calibrated-mesh"));
  card.at_or_add("modes") = Tree::of(static_cast<double>(shape.ports()));
  card.at_or_add("topology") = Tree::of(std::string(topology_name(shape.topology.kind)));
  Tree& layout = card.at_or_add("layout");
  layout.at_or_add("heater_pitch_um") = Tree::of(shape.heaters.heater_pitch_um);
  layout.at_or_add("port_pitch_um") = Tree::of(shape.heaters.port_pitch_um);
  layout.at_or_add("reach_um") = Tree::of(shape.heaters.reach_um);
  layout.at_or_add("pair_reach_um") = Tree::of(shape.heaters.pair_reach_um);
  for (int k = 0; k < kinds; ++k) {
    const ParameterKind kind = static_cast<ParameterKind>(k);
    if (shape.parameters.count(kind) == 0) continue;
    Tree values = Tree::list(), deviations = Tree::list();
    for (int i = 0; i < shape.parameters.count(kind); ++i) {
      const auto p = static_cast<std::size_t>(shape.parameters.at(kind, i));
      values.items.push_back(Tree::of(parameters[p]));
      deviations.items.push_back(Tree::of(sigma.empty() ? 0.0 : sigma[p]));
    }
    Tree& section = card.at_or_add(kind_name(kind));
    section.at_or_add("unit") = Tree::of(std::string(kind_unit(kind)));
    section.at_or_add("values") = std::move(values);
    section.at_or_add("sigma") = std::move(deviations);
  }
  return card;
}

std::vector<double> parameters_of_card(const ChipShape& shape, const Tree& card) {
  return numbers_of_card(shape, card, "values");
}

std::vector<double> sigmas_of_card(const ChipShape& shape, const Tree& card) {
  return numbers_of_card(shape, card, "sigma");
}

ChipCard chip_of_device(const Tree& card) {
  Tree shape = Tree::mapping();
  shape.origin = card.origin;
  for (const char* key : {"modes", "topology", "layout"})
    if (const Tree* value = card.find(key)) shape.pairs.push_back({key, *value});
  require(shape.pairs.size() == 3,
          "{}: no modes, topology and layout (not the card of a calibrated mesh)", card.origin);
  return read_card<ChipCard>(shape);
}

DeviceFile device_of(const Tree& card) {
  ChipShape shape = chip_shape(chip_of_device(card));
  std::vector<double> parameters = parameters_of_card(shape, card),
                      sigma = sigmas_of_card(shape, card);
  return {std::move(shape), std::move(parameters), std::move(sigma)};
}

DeviceFile read_device(const std::string& path) { return device_of(load_yaml(path)); }

}  // namespace lightloom::calibration

#include "calibration/calibration_card.hpp"

#include <algorithm>
#include <array>

#include "calibration/model/chip_card.hpp"
#include "calibration/model/device_card.hpp"
#include "core/error.hpp"
#include "photonic/cores/kinds/mzi_core.hpp"

namespace lightloom::calibration {
namespace {

constexpr std::array own_sections{"chip", "laboratory", "fit", "settings", "sweeps", "seed"};

/// Splits a foreign card into our sections and the rest.
std::pair<Tree, Tree> split(const Tree& tree) {
  Tree ours = Tree::mapping(), rest = Tree::mapping();
  ours.origin = rest.origin = tree.origin;
  for (const auto& [key, value] : tree.pairs) {
    const bool own = std::find(own_sections.begin(), own_sections.end(), key) != own_sections.end();
    (own ? ours : rest).pairs.push_back({key, value});
  }
  return {std::move(ours), std::move(rest)};
}

/// The chip that the card of an MZI-mesh core describes.
ChipCard chip_of_core(const Tree& tree) {
  const auto core = read_card<photonic::CoreCard>(tree);
  const photonic::MeshCoreCard* own = photonic::find_mesh_part(core);
  require(own != nullptr && own->mesh.device == photonic::DeviceKind::mzi,
          "{}: only cores of kind mzi-mesh with device mzi can be calibrated (this one is {})",
          tree.origin,
          own == nullptr ? core.kind : core.kind + " of another device: set mesh.device to mzi");
  ChipCard chip;
  chip.modes = photonic::mesh_modes(core);
  chip.topology = own->mesh.topology;
  chip.layout = {.heater_pitch_um = own->mesh.pitch.column_um / 2,
                 .port_pitch_um = own->mesh.pitch.mode_um};
  chip.pi_voltage_V = own->heater.pi_voltage_V;
  chip.self_heating = own->heater.self_heating;
  if (own->heater.efficiency_sigma > 0) chip.heater_sigma = own->heater.efficiency_sigma;
  chip.splitter_sigma_rad = own->fabrication.splitter_sigma_rad;
  chip.splitter_mean_rad = own->fabrication.splitter_mean_rad;
  chip.device_loss_db = own->mesh.device_loss_db;
  chip.arm_loss_sigma_db = own->fabrication.arm_loss_sigma_db;
  chip.crosstalk_amplitude = 0;
  if (own->crosstalk.kernel == photonic::CrosstalkKernel::exponential) {
    chip.crosstalk_amplitude = own->crosstalk.strength;
    chip.crosstalk_decay_um = own->crosstalk.decay_um;
  }
  return chip;
}

void read_into(CalibrationCard& card, const Tree& tree, Tree* resolved) {
  Tree all = read_tree(tree, [&](Section& section) { describe(section, card); });
  if (resolved != nullptr) *resolved = std::move(all);
}

std::string kind_of(const Tree& tree) {
  const Tree* kind = tree.find("kind");
  return kind != nullptr ? kind->scalar : "";
}

Tree::Kind kind_or_null(const Tree* tree) {
  return tree == nullptr ? Tree::Kind::null : tree->kind;
}

}  // namespace

void describe(Section& section, CalibrationCard& card) {
  section.card("chip", card.chip);
  section.card("laboratory", card.laboratory);
  card.fit.pi_voltage_V = card.chip.pi_voltage_V;
  card.fit.device_loss_db = card.chip.device_loss_db;
  section.card("fit", card.fit);
  section.value("settings", card.settings, {.low = 1, .high = 1e6});
  section.value("sweeps", card.sweeps);
  section.value("seed", card.seed);
}

HiddenChip hidden_chip(const Tree& tree) {
  CalibrationCard card;
  Tree resolved;
  const std::string kind = kind_of(tree);
  if (kind == "calibrated-mesh") {
    auto [ours, device] = split(tree);
    card.chip = chip_of_device(device);
    read_into(card, ours, &resolved);
    ChipShape shape = chip_shape(card.chip);
    std::vector<double> parameters = parameters_of_card(shape, device);
    return {card, std::move(shape), std::move(parameters), std::move(resolved)};
  }
  if (!kind.empty()) {
    auto [ours, core] = split(tree);
    card.chip = chip_of_core(core);
    read_into(card, ours, &resolved);
  } else {
    read_into(card, tree, &resolved);
  }
  ChipShape shape = chip_shape(card.chip);
  std::vector<double> parameters = hidden_parameters(shape, card.chip, card.seed, 0);
  return {card, std::move(shape), std::move(parameters), std::move(resolved)};
}

CalibrationCard card_for(const Measurements& data, Tree tree, Tree* resolved) {
  if (!kind_of(tree).empty()) {  // a device's own card: only its chip and our sections count
    auto [ours, rest] = split(tree);
    CalibrationCard card;
    card.chip = kind_of(tree) == "calibrated-mesh" ? chip_of_device(rest) : chip_of_core(rest);
    read_into(card, ours, resolved);
    return card;
  }
  const auto offer = [&](const char* path, std::string text) {
    const Tree* at = find_at(tree, path);
    if (kind_or_null(at) == Tree::Kind::null) set_at(tree, path, Tree::of(std::move(text)), ".");
  };
  if (tree.kind == Tree::Kind::null) tree = Tree::mapping();
  offer("chip.modes", fmt::format("{}", data.inputs.ports));
  for (const auto& [note, path] : {std::pair{"topology", "chip.topology"},
                                   {"pi_voltage_V", "chip.pi_voltage_V"},
                                   {"device_loss_db", "chip.device_loss_db"},
                                   {"heater_pitch_um", "chip.layout.heater_pitch_um"},
                                   {"port_pitch_um", "chip.layout.port_pitch_um"},
                                   {"reach_um", "chip.layout.reach_um"}}) {
    const auto found = data.notes.find(note);
    if (found != data.notes.end()) offer(path, found->second);
  }
  CalibrationCard card;
  read_into(card, tree, resolved);
  return card;
}

void add_notes(const ChipCard& chip, Measurements& data) {
  data.notes["topology"] = topology_name(chip.topology);
  data.notes["pi_voltage_V"] = number_text(chip.pi_voltage_V);
  data.notes["device_loss_db"] = number_text(chip.device_loss_db);
  data.notes["heater_pitch_um"] = number_text(chip.layout.heater_pitch_um);
  data.notes["port_pitch_um"] = number_text(chip.layout.port_pitch_um);
  data.notes["reach_um"] = number_text(chip.layout.reach_um);
}

}  // namespace lightloom::calibration

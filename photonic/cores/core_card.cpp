#include "photonic/cores/core_card.hpp"

#include <algorithm>
#include <bit>
#include <numbers>

#include "core/error.hpp"

namespace lightloom::photonic {
namespace {

constexpr int default_size = 64;

void describe(Section& section, MeshCard& card) {
  section.value("modes", card.modes, {.low = 1, .high = 4096});
  section.choice("topology", card.topology,
                 {{"clements", MeshKind::clements},
                  {"reck", MeshKind::reck},
                  {"butterfly", MeshKind::butterfly}});
  section.choice("device", card.device,
                 {{"mzi", DeviceKind::mzi},
                  {"three-splitter", DeviceKind::three_splitter},
                  {"crossing", DeviceKind::crossing},
                  {"compact", DeviceKind::compact}});
  section.value("device_loss_db", card.device_loss_db, not_negative);
  section.value("balanced_edges", card.balanced_edges);
  section.value("mode_pitch_um", card.pitch.mode_um, positive);
  section.value("column_pitch_um", card.pitch.column_um, positive);
}

void describe(Section& section, RingBankCard& card) {
  constexpr Range coupling{.low = 0.01, .high = 0.9999};
  section.value("self_coupling_in", card.ring.self_coupling_in, coupling);
  section.value("self_coupling_drop", card.ring.self_coupling_drop, coupling);
  section.value("turn_amplitude", card.ring.turn_amplitude, {.low = 0.01, .high = 1});
  section.value("channels", card.channels, {.low = 1, .high = 256});
  section.value("weight_range", card.weight_range, {.low = 0.01, .high = 1});
  section.value("insertion_loss_db", card.insertion_loss_db, not_negative);
  section.value("mean_shift_rad", card.mean_shift_rad, not_negative);
  section.value("radius_um", card.radius_um, positive);
  section.value("group_index", card.group_index, {.low = 1});
  section.value("wavelength_nm", card.wavelength_nm, positive);
  section.value("thermal_shift_nm_per_K", card.thermal_shift_nm_per_K);
  section.value("temperature_K", card.temperature_K);
  section.value("laser_shift_nm", card.laser_shift_nm, {.low = -200, .high = 200});
  section.value("relock", card.relock);
  if (card.channels > card.most_channels())
    section.problem(
        "channels",
        fmt::format("{} is too many: the free spectral range of {:.3g} nm holds {:.3g} "
                    "line widths of these rings, so at most {} wavelengths can be told "
                    "apart (take fewer, or rings of higher finesse)",
                    card.channels, card.fsr_nm(), ring_finesse(card.ring), card.most_channels()));
}

void describe_converters(Section& section, CoreCard& card) {
  section.value("symbol_rate_GHz", card.symbol_rate_GHz, positive);
  section.section("input_dac", [&](Section& inner) { describe(inner, card.input_dac); });
  section.section("output_adc", [&](Section& inner) { describe(inner, card.output_adc); });
}

void describe_light(Section& section, CoreCard& card) {
  section.card("laser", card.laser);
  section.card("modulator", card.modulator);
  section.card("detector", card.detector);
  section.card("shifter", card.shifter);
}

void describe_phases(Section& section, CoreCard& card) {
  section.choice("correction", card.correction,
                 {{"none", Correction::none}, {"local", Correction::local}});
  section.value("phase_sigma_rad", card.phase_sigma_rad, not_negative);
  section.value("programming_sigma_rad", card.programming_sigma_rad, not_negative);
  section.value("phase_bits", card.phase_bits, {.low = 0, .high = 24});
  section.card("drift", card.drift);
}

void check_mesh(Section& section, const CoreCard& card) {
  if (card.mesh.topology == MeshKind::butterfly &&
      !std::has_single_bit(static_cast<unsigned>(card.mesh_modes())))
    section.problem("mesh",
                    fmt::format("a butterfly mesh needs a power of two of modes, not {} (set "
                                "mesh.modes, or rows and columns)",
                                card.mesh_modes()));
  if (card.mesh.device == DeviceKind::compact && card.crosstalk.kernel != CrosstalkKernel::none)
    section.problem("crosstalk",
                    "crosstalk between the heaters of compact devices is not modelled (take "
                    "mesh.device mzi, or crosstalk.kernel none)");
}

constexpr std::pair<const char*, CoreKind> kinds[] = {{"ideal", CoreKind::ideal},
                                                      {"mrr-bank", CoreKind::mrr_bank},
                                                      {"mzi-mesh", CoreKind::mzi_mesh},
                                                      {"pcm-crossbar", CoreKind::pcm_crossbar}};

}  // namespace

double RingBankCard::fsr_nm() const {
  return ring_fsr_nm(group_index, 2 * std::numbers::pi * radius_um, wavelength_nm);
}

double RingBankCard::thermal_shift_rad_per_K() const {
  return 2 * std::numbers::pi * thermal_shift_nm_per_K / fsr_nm();
}

double RingBankCard::moved_rad() const {
  if (relock) return 0;
  return temperature_K * thermal_shift_rad_per_K() +
         guide_phase_change_rad(2 * std::numbers::pi * radius_um, group_index, wavelength_nm,
                                laser_shift_nm);
}

int RingBankCard::most_channels() const {
  return std::max(1, static_cast<int>(ring_finesse(ring)));
}

int CoreCard::core_rows() const {
  if (rows > 0) return rows;
  return kind == CoreKind::mzi_mesh ? (columns > 0 ? columns : mesh.modes) : default_size;
}

int CoreCard::core_columns() const {
  if (columns > 0) return columns;
  return kind == CoreKind::mzi_mesh ? (rows > 0 ? rows : mesh.modes) : default_size;
}

int CoreCard::mesh_modes() const { return std::max(core_rows(), core_columns()); }

const char* kind_name(CoreKind kind) {
  for (const auto& [name, known] : kinds)
    if (known == kind) return name;
  return "";
}

void describe(Section& section, CoreCard& card) {
  section.choice("kind", card.kind, {kinds[0], kinds[1], kinds[2], kinds[3]});
  section.value("rows", card.rows, {.low = 0, .high = 4096});
  section.value("columns", card.columns, {.low = 0, .high = 4096});
  describe_converters(section, card);
  switch (card.kind) {
    case CoreKind::ideal:
      section.section("noise", [&](Section& inner) { describe(inner, card.noise); });
      return;
    case CoreKind::mrr_bank:
      describe_light(section, card);
      describe_phases(section, card);
      section.section("bank", [&](Section& inner) { describe(inner, card.bank); });
      return;
    case CoreKind::mzi_mesh:
      describe_light(section, card);
      describe_phases(section, card);
      section.choice("phase_bias", card.phase_bias,
                     {{"none", PhaseBias::none}, {"uniform", PhaseBias::uniform}});
      section.section("mesh", [&](Section& inner) { describe(inner, card.mesh); });
      section.card("fabrication", card.fabrication);
      section.card("heater", card.heater);
      section.card("crosstalk", card.crosstalk);
      section.card("dispersion", card.dispersion);
      check_mesh(section, card);
      return;
    case CoreKind::pcm_crossbar:
      describe_light(section, card);
      section.card("pcm", card.pcm);
      return;
  }
}

}  // namespace lightloom::photonic

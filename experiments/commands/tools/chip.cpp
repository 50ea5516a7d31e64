#include <algorithm>
#include <charconv>
#include <cmath>
#include <complex>
#include <limits>
#include <map>

#include "core/cards/card.hpp"
#include "core/error.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/commands/tools/realised.hpp"
#include "experiments/results/files/matrix_file.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/results/views/throughput_view.hpp"
#include "photonic/cores/chip_statistics.hpp"
#include "photonic/cores/core_cost.hpp"
#include "photonic/cores/kinds/mrr_core.hpp"
#include "photonic/studies/configuration_study.hpp"
#include "photonic/studies/link_budget.hpp"
#include "photonic/studies/throughput.hpp"

namespace lightloom::experiments {
namespace {

Json converter_json(const photonic::Converter& converter) {
  return {{"bits", converter.bits},
          {"error_lsb", converter.error_lsb()},
          {"enob", converter.bits > 0 ? Json(converter.enob()) : Json()},
          {"energy_pJ", converter.energy_pJ()},
          {"area_um2", converter.area_um2}};
}

/// The light of the core and, with `--enob`, the laser it needs.
void add_link(const photonic::CoreCard& card, const CommandLine& line, Shown& result) {
  const photonic::LinkBudget link = photonic::link_budget(card);
  result.json["link"] = {{"insertion_loss_dB", link.insertion_loss_db},
                         {"detected_mW", link.detected_mW},
                         {"snr_dB", link.snr_db},
                         {"enob_sine", link.enob_sine},
                         {"enob_uniform", link.enob_uniform},
                         {"enob_converted", link.enob_converted}};
  result.text += fmt::format(
      "\nlight of one full-scale product: {:.4g} dB to the detector, {:.4g} mW there, {:.4g} dB "
      "above the noise,\n{:.3g} bits (sine), {:.3g} bits (uniform signals), {:.3g} with the ADC\n",
      link.insertion_loss_db, link.detected_mW, link.snr_db, link.enob_sine, link.enob_uniform,
      link.enob_converted);
  if (!line.has("enob")) return;
  const double bits = line.real("enob", 0, 0);
  require(bits <= 32, "--enob {}: no link reaches more than 32 bits", bits);
  const photonic::LaserRequirement laser = photonic::required_laser_power(card, bits);
  const double electrical =
      laser.power_per_input_mW * photonic::lit_inputs(card) / card.laser.wall_plug;
  // The rule of thumb knows bits as a whole number.
  const double rule =
      photonic::sensitivity_laser_power_mW({.loss_db = link.insertion_loss_db,
                                            .bits = static_cast<int>(std::ceil(bits)),
                                            .wall_plug = card.laser.wall_plug,
                                            .extinction_db = card.modulator.extinction_db});
  result.json["laser"] = {
      {"enob_uniform", bits},
      {"reachable", laser.reachable},
      {"power_per_input_mW", laser.reachable ? Json(laser.power_per_input_mW) : Json()},
      {"electrical_mW", laser.reachable ? Json(electrical) : Json()},
      {"sensitivity_rule_electrical_mW", rule * photonic::lit_inputs(card)}};
  result.text += laser.reachable
                     ? fmt::format("{:.4g} bits need {:.4g} mW an input, {:.4g} mW electrical\n",
                                   bits, laser.power_per_input_mW, electrical)
                     : fmt::format(
                           "{:.4g} bits are out of reach at any power: intensity noise "
                           "grows with the signal\n",
                           bits);
}

/// One core at its best, to be compared with publications.
void add_throughput(const photonic::CoreCard& card, Shown& result) {
  const photonic::Throughput found = photonic::throughput_of(photonic::describe_core(card));
  result.json["throughput"] = throughput_json(found);
  result.text += "\n" + throughput_text(found);
}

void add_yield(const photonic::ChipStatistics& found, const CommandLine& line, Shown& result) {
  if (!line.has("limit")) return;
  const double limit = line.real("limit", 0, 0);
  const Yield yield = yield_below(found.error, limit);
  result.json["yield"] = {{"limit", limit},
                          {"fraction", yield.fraction},
                          {"low", yield.low},
                          {"high", yield.high},
                          {"confidence", 0.95}};
  result.text +=
      fmt::format("\nyield (error at most {:.4g}): {:.4g}, 95 % interval {:.4g} to {:.4g}\n", limit,
                  yield.fraction, yield.low, yield.high);
}

/// The chips configured from readings, knowing nothing of their errors (`--configure`).
void add_configured(const photonic::CoreCard& card, const photonic::ChipOptions& options,
                    const CommandLine& line, Shown& result) {
  using photonic::ConfigurationMethod;
  if (!line.has("configure")) return;
  const std::string name = line.value("configure");
  const std::map<std::string, ConfigurationMethod> methods{
      {"nulling", ConfigurationMethod::nulling},
      {"nulling-powers", ConfigurationMethod::nulling_powers},
      {"self", ConfigurationMethod::self}};
  require(methods.contains(name), "--configure {}: must be nulling, nulling-powers or self", name);
  const photonic::ConfiguredChips found =
      photonic::configure_chips(card, options, methods.at(name));
  const std::pair<const char*, const std::vector<double>*> quantities[] = {
      {"error_before", &found.error_before},
      {"error_after", &found.error_after},
      {"readings", &found.readings},
      {"unreachable", &found.unreachable}};
  Json& configured = result.json["configured"];
  configured = {{"method", name}, {"target", found.target}, {"modes", found.modes}};
  TextTable table({"configured by " + name, "mean", "std", "std error", "5 %", "median", "95 %"});
  for (const auto& [quantity, values] : quantities) {
    const Summary summary = summarise(*values);
    configured[quantity] = summary_json(summary);
    add_row(table, quantity, summary);
  }
  result.text += "\n" + table.text();
}

/// `--targets`: a law by its name, "N-bit", or the file of a matrix.
photonic::WeightTargets targets_of(const std::string& name) {
  using Law = photonic::WeightTargets::Law;
  if (name == "uniform") return {};
  if (name == "normal") return {.law = Law::normal};
  if (name == "ternary") return {.law = Law::levels, .levels = 3};
  if (name.ends_with("-bit")) {
    const std::string digits = name.substr(0, name.size() - 4);
    int bits = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    require(
        problem == std::errc{} && end == digits.data() + digits.size() && bits >= 1 && bits <= 16,
        "--targets {}: must be 1-bit to 16-bit", name);
    return {.law = Law::levels, .levels = 1 << bits};
  }
  require(name.find('.') != std::string::npos,
          "--targets {}: must be uniform, normal, ternary, N-bit or the file of a matrix", name);
  const ComplexMatrix matrix = read_matrix(name);
  photonic::WeightTargets given{.law = Law::given, .rows = matrix.rows, .columns = matrix.columns};
  for (const std::complex<double> value : matrix.values) {
    require(value.imag() == 0, "--targets {}: weights are real numbers, and one is not", name);
    given.matrix.push_back(static_cast<float>(value.real()));
  }
  return given;
}

/// What the rings of a card would show in a spectrum (`calibrate ring`).
void add_rings(const photonic::CoreCard& card, Shown& result) {
  if (card.kind != "mrr-bank") return;
  const auto& bank = card.own.of<photonic::RingBankCard>();
  const double turn_um = 2 * 3.14159265358979323846 * bank.radius_um,
               finesse = photonic::ring_finesse(bank.ring), fsr = bank.fsr_nm(),
               quality =
                   photonic::ring_quality(bank.ring, bank.group_index, turn_um, bank.wavelength_nm);
  const photonic::RingPower at = photonic::ring_power(bank.ring, 0);
  result.json["ring"] = {{"quality", quality},
                         {"finesse", finesse},
                         {"fsr_nm", fsr},
                         {"width_nm", fsr / finesse},
                         {"through_at_resonance", at.through},
                         {"drop_at_resonance", at.drop}};
  result.text += fmt::format(
      "\nring: Q {:.0f}, finesse {:.2f}, free spectral range {:.4f} nm, line width {:.4f} nm; on "
      "resonance "
      "{:.3g} of the light stays, {:.3g} is dropped\n",
      quality, finesse, fsr, fsr / finesse, at.through, at.drop);
}

Shown do_chip(const CommandLine& line, ProgressSink& /*progress*/) {
  Tree resolved;
  const auto card = read_card<photonic::CoreCard>(
      load_card(only_operand(line, "the card of a core"), line.settings), &resolved);
  if (line.has("target") || line.has("realised")) return realise_target(card, resolved, line);
  const photonic::ChipOptions options{
      .chips = static_cast<int>(
          std::min<std::int64_t>(line.number("chips", 32, 1), std::numeric_limits<int>::max())),
      .seed = line.seed.value_or(0),
      .targets = targets_of(line.value("targets", "uniform"))};
  const photonic::ChipStatistics found = photonic::chip_statistics(card, options);
  const std::pair<const char*, const std::vector<double>*> quantities[] = {
      {"error", &found.error},
      {"fidelity", &found.fidelity},
      {"unreachable", &found.unreachable},
      {"insertion_loss_dB", &found.insertion_loss_db},
      {"power_mW", &found.power_mW},
      {"reading_error", &found.reading_error}};
  Shown result;
  result.json = {{"kind", card.kind},
                 {"target", found.target},
                 {"modes", found.modes},
                 {"chips", options.chips}};
  TextTable table({fmt::format("{} chips", options.chips), "mean", "std", "std error", "5 %",
                   "median", "95 %"});
  for (const auto& [name, values] : quantities) {
    const Summary summary = summarise(*values);
    result.json[name] = summary_json(summary);
    add_row(table, name, summary);
  }
  result.json["unreachable_fraction"] = result.json["unreachable"]["mean"];
  result.json["converters"] = {{"input_dac", converter_json(card.input_dac)},
                               {"output_adc", converter_json(card.output_adc)}};
  result.text = fmt::format("target: {}\n\n{}", found.target, table.text());
  add_throughput(card, result);
  add_yield(found, line, result);
  if (photonic::core_optics(card).light) add_link(card, line, result);
  add_rings(card, result);
  add_configured(card, options, line, result);
  return result;
}

}  // namespace

extern const Command chip_command{
    .name = "chip",
    .operand = "core.yaml",
    .summary = "Monte-Carlo of a mesh or core over chips",
    .options = {{"chips", "N", "how many (32)"},
                {"targets", "WHAT",
                 "weights that the chips of a core are asked for: uniform (as it is), normal, "
                 "ternary, N-bit, or those of a matrix file (.npy, .csv, .h5)"},
                {"target", "FILE",
                 "with --realised: a matrix of weights of any size, tiled like a layer"},
                {"realised", "FILE",
                 "the matrix that every chip multiplies with in its place, an HDF5 file",
                 results_endings},
                {"limit", "E", "the yield too: share of chips whose error is at most E"},
                {"configure", "METHOD",
                 "the same chips set from readings alone: nulling, nulling-powers or self"},
                {"enob", "BITS", "the laser power too that the light needs for so many bits"}},
    .run = do_chip};

}  // namespace lightloom::experiments

#include "photonic/devices/ring.hpp"

#include <numbers>

#include "calibration/rings/ring_couplings.hpp"
#include "calibration/rings/ring_fit.hpp"
#include "calibration/tables/spectrum_table.hpp"
#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/csv.hpp"
#include "experiments/commands/calibrate/into_card.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;
using std::numbers::pi;

RingPort port_of(const std::string& name) {
  if (name == "auto") return RingPort::automatic;
  if (name == "through") return RingPort::through;
  if (name == "drop") return RingPort::drop;
  throw Error(fmt::format("--port {}: must be through, drop or auto", name));
}

Json resonance_json(const Resonance& one) {
  return {{"centre_nm", one.centre_nm},
          {"centre_sigma", one.centre_sigma},
          {"width_nm", one.width_nm},
          {"width_sigma", one.width_sigma},
          {"quality", one.quality},
          {"quality_sigma", one.quality_sigma},
          {"quality_interval", {one.quality_low, one.quality_high}},
          {"quality_intrinsic",
           {{"undercoupled", one.intrinsic_under}, {"overcoupled", one.intrinsic_over}}},
          {"depth", one.depth},
          {"extinction_dB", one.extinction_db},
          {"asymmetry", one.asymmetry},
          {"split", one.split},
          {"misfit", one.misfit},
          {"comb", one.comb}};
}

Json comb_json(const Comb& comb) {
  return {{"lines", comb.lines},
          {"fsr_nm", comb.fsr_nm},
          {"fsr_sigma", comb.fsr_sigma},
          {"centre_nm", comb.centre_nm},
          {"optical_length_um", comb.optical_length_um},
          {"optical_length_sigma", comb.optical_length_sigma},
          {"finesse", comb.finesse}};
}

Json fit_json(const RingFit& fit) {
  Json json = {{"port", fit.dips ? "through" : "drop"},
               {"baseline", fit.baseline},
               {"fsr_nm", fit.fsr_nm},
               {"fsr_sigma", fit.fsr_sigma},
               {"finesse", fit.finesse},
               {"rms", fit.rms},
               {"resonances", Json::array()},
               {"combs", Json::array()},
               {"problems", fit.problems},
               {"notes", fit.notes}};
  for (const Resonance& one : fit.resonances) json["resonances"].push_back(resonance_json(one));
  for (const Comb& comb : fit.combs) json["combs"].push_back(comb_json(comb));
  return json;
}

std::string lines_text(const RingFit& fit) {
  TextTable lines({"resonance", "+-", "width", "+-", "Q", "95 % interval", "depth", "extinction"});
  for (const Resonance& one : fit.resonances)
    lines.row({fmt::format("{:.5f} nm", one.centre_nm), fmt::format("{:.1g}", one.centre_sigma),
               fmt::format("{:.5f} nm", one.width_nm), fmt::format("{:.1g}", one.width_sigma),
               fmt::format("{:.0f}", one.quality),
               fmt::format("{:.0f} to {:.0f}", one.quality_low, one.quality_high),
               fmt::format("{:.4g}", one.depth),
               fit.dips ? fmt::format("{:.1f} dB", one.extinction_db) : std::string("-")});
  return fit.resonances.empty() ? std::string() : lines.text();
}

/// n_g = (n_g L) / L for a ring of the given radius.
void add_group_index(const CommandLine& line, const RingFit& fit, Shown& result) {
  for (std::size_t k = 0; k < fit.combs.size(); ++k) {
    const Comb& comb = fit.combs[k];
    result.text += fmt::format(
        "free spectral range {:.4f} +- {:.1g} nm, finesse {:.2f}; optical length of a turn {:.4f} "
        "+- "
        "{:.1g} um at {:.1f} nm\n",
        comb.fsr_nm, comb.fsr_sigma, comb.finesse, comb.optical_length_um,
        comb.optical_length_sigma, comb.centre_nm);
    if (!line.has("radius")) continue;
    const double turn_um = 2 * pi * line.real("radius", 0, 1e-3),
                 index = comb.optical_length_um / turn_um,
                 sigma = comb.optical_length_sigma / turn_um;
    result.json["combs"][k]["group_index"] = index;
    result.json["combs"][k]["group_index_sigma"] = sigma;
    result.json["combs"][k]["group_index_interval"] = {index - 1.96 * sigma, index + 1.96 * sigma};
    result.text += fmt::format("group index {:.4f} +- {:.1g}\n", index, sigma);
  }
}

RingLayout layout_of(const std::string& name) {
  if (name == "add-drop") return RingLayout::add_drop;
  if (name == "all-pass") return RingLayout::all_pass_under;
  if (name == "all-pass-overcoupled") return RingLayout::all_pass_over;
  throw Error(fmt::format("--layout {}: must be add-drop, all-pass or all-pass-overcoupled", name));
}

/// Couplers and loss of the ring; with --into also in a card, for rings of its radius.
void add_couplings(const CommandLine& line, const std::string& path, const RingFit& fit,
                   Shown& result) {
  double radius_um = 0, fsr_nm = 0, amplitude = 1;
  const std::string section = line.value("section", "bank");
  if (line.has("into")) {
    Tree card = load_card(line.value("into"), {});
    const auto number = [&](const std::string& name) {
      const Tree* found = find_at(card, section + "." + name);
      require(found != nullptr && found->kind == Tree::Kind::scalar,
              "{}: no {}.{} (is it the card of a ring bank? --section names where its rings are)",
              line.value("into"), section, name);
      const double value = csv_number(found->scalar).value_or(0);
      require(value > 0, "{}: {}.{} is '{}' (must be a number above 0)", line.value("into"),
              section, name, found->scalar);
      return value;
    };
    radius_um = number("radius_um");
    amplitude = number("turn_amplitude");
    fsr_nm =
        photonic::ring_fsr_nm(number("group_index"), 2 * pi * radius_um, number("wavelength_nm"));
  }
  if (fit.resonances.empty() || (fit.combs.empty() && !(fsr_nm > 0))) {
    require(!line.has("into"), "{}: no lines to take couplers from (nothing written)", path);
    return;
  }
  const RingCouplings found =
      ring_couplings(fit, layout_of(line.value("layout", "add-drop")), fsr_nm, amplitude);
  result.json["couplings"] = {{"self_coupling_in", found.self_coupling_in},
                              {"self_coupling_in_sigma", found.self_coupling_in_sigma},
                              {"self_coupling_drop", found.self_coupling_drop},
                              {"turn_amplitude", found.turn_amplitude},
                              {"turn_amplitude_sigma", found.turn_amplitude_sigma},
                              {"problems", found.problems}};
  result.text +=
      fmt::format(
          "as {}: self-couplings {:.5f} +- {:.1g} (bus), {:.5f} (drop), turn amplitude {:.5f}\n",
          line.value("layout", "add-drop"), found.self_coupling_in, found.self_coupling_in_sigma,
          found.self_coupling_drop, found.turn_amplitude) +
      problems_text(found.problems);
  if (!line.has("into")) return;
  require(!line.output.empty(),
          "lightloom calibrate ring --into needs -o mine.yaml (the card to write)");
  const std::string source =
      fmt::format("measured: lightloom calibrate ring {}, {} lines", path, found.lines);
  std::vector<MeasuredValue> values{{"self_coupling_in", found.self_coupling_in, source},
                                    {"self_coupling_drop", found.self_coupling_drop, source}};
  if (fit.dips) values.push_back({"turn_amplitude", found.turn_amplitude, source});
  if (!fit.combs.empty()) {
    values.push_back({"group_index", fit.combs[0].optical_length_um / (2 * pi * radius_um),
                      source + ", with the card's radius"});
    values.push_back({"wavelength_nm", fit.combs[0].centre_nm, source});
  }
  write_into_card(line, section, values, result);
}

Shown do_ring(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path = operand(line, 0, "a table of wavelength and power");
  at_most_operands(line, 1);
  if (!line.output.empty()) {
    require(line.has("into"),
            "lightloom calibrate ring -o needs --into card.yaml (the card of a ring bank)");
    require_writable(line.output);
  }
  const LabTable table = read_lab_table(read_file(path, "table"), path);
  const Spectrum spectrum = spectrum_from(table, {.x = line.value("x", ""),
                                                  .y = line.value("y", ""),
                                                  .x_unit = line.value("x-unit", ""),
                                                  .y_unit = line.value("y-unit", "")});
  RingFit fit = fit_ring(spectrum.wavelength_nm, spectrum.power,
                         {.port = port_of(line.value("port", "auto"))});
  fit.notes.insert(fit.notes.begin(), spectrum.notes.begin(), spectrum.notes.end());
  fit.problems.insert(fit.problems.begin(), spectrum.problems.begin(), spectrum.problems.end());
  Shown result;
  result.json = fit_json(fit);
  result.text = lines_text(fit);
  add_group_index(line, fit, result);
  add_couplings(line, path, fit, result);
  for (const std::string& note : fit.notes) result.text += "note: " + note + "\n";
  result.text += problems_text(fit.problems);
  return result;
}

}  // namespace

extern const Command calibrate_ring_command{
    .name = "calibrate ring",
    .operand = "spectrum.csv",
    .summary = "resonances of a ring from a spectrum",
    .endings = card_endings,
    .options = {{"port", "NAME", "through, drop or auto (default): which port was measured"},
                {"x", "COLUMN", "the column of wavelengths, by name or number"},
                {"y", "COLUMN", "the column of powers, by name or number"},
                {"x-unit", "UNIT", "nm, um, m, THz ...: instead of what the header says"},
                {"y-unit", "UNIT", "mW, dBm ...: instead of what header and values say"},
                {"radius", "UM", "of the ring, for its group index"},
                {"layout", "NAME",
                 "add-drop (default, equal couplers), all-pass or all-pass-overcoupled"},
                {"into", "FILE",
                 "with --output: the card whose ring's couplers, loss and index these replace"},
                {"section", "PATH", "with --output: where in that card, with dots (bank)"}},
    .run = do_ring};

}  // namespace lightloom::experiments

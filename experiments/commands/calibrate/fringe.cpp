#include <algorithm>
#include <cmath>
#include <numbers>

#include "calibration/elements/fringe_study.hpp"
#include "calibration/tables/heater_sweep.hpp"
#include "calibration/tables/spectrum_table.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

FringeLaw law_of(const std::string& name) {
  if (name == "quadratic" || name == "linear") return FringeLaw::quadratic;
  if (name == "self-heating") return FringeLaw::self_heating;
  if (name == "cubic") return FringeLaw::cubic;
  throw Error(fmt::format("--law {}: must be quadratic, self-heating, cubic or linear", name));
}

Drive drive_of(const std::string& name) {
  if (name == "auto") return Drive::automatic;
  if (name == "voltage") return Drive::voltage;
  if (name == "current") return Drive::current;
  if (name == "power") return Drive::power;
  throw Error(fmt::format("--over {}: must be voltage, current, power or auto", name));
}

/// What the phase goes with, the square of a drive or a drive itself, and their names and units.
struct FringeAxis {
  const char *gamma, *gamma2, *pi, *unit, *key;
  bool itself = false;
  double from = 0;  // the drive at which phases are given
};
FringeAxis axis_of(Drive over, bool linear) {
  if (over == Drive::power) return {"rad/mW", "rad/mW^2", "P_pi", "mW", "pi_power_mW", true};
  if (over == Drive::current) return {"rad/mA^2", "rad/mA^4", "I_pi", "mA", "pi_current_mA", false};
  if (linear) return {"rad/V", "rad/V^2", "V_pi", "V", "pi_voltage_V", true};
  return {"rad/V^2", "rad/V^4", "V_pi", "V", "pi_voltage_V", false};
}

/// The drive whose square the phase goes with.
std::vector<double> squared_drive(const FringeAxis& axis, std::vector<double> drive) {
  if (!axis.itself) return drive;
  for (double& value : drive) value = std::sqrt(value - axis.from);
  return drive;
}

/// Where to look, from --pi-voltage (or the current or power, over those).
FringeOptions options_of(const CommandLine& line, const FringeAxis& axis) {
  FringeOptions options{.law = law_of(line.value("law", "quadratic"))};
  if (!line.has("pi-voltage")) return options;
  const double design = line.real("pi-voltage", 0, 1e-6);
  require(design <= 1e4, "--pi-voltage {}: no heater needs more than 10000 V", design);
  const double gamma = std::numbers::pi / (axis.itself ? design : design * design);
  options.gamma_low = 0.7 * gamma;
  options.gamma_high = 1.3 * gamma;
  return options;
}

/// Signed readings without a unit: as they are, or as decibels, whichever leaves less.
FringeStudy study_either(const FringeSweepData& data, const FringeOptions& options,
                         HeaterSweep& sweep) {
  FringeStudy plain = study_fringe(data, options);
  if (!sweep.unsure) return plain;
  FringeSweepData converted = data;
  from_decibels(converted.readings);
  FringeStudy study = study_fringe(converted, options);
  const bool decibels = study.fit.noise_to_amplitude < 0.5 * plain.fit.noise_to_amplitude;
  const bool clear = decibels || plain.fit.noise_to_amplitude < 0.5 * study.fit.noise_to_amplitude;
  FringeStudy& taken = decibels ? study : plain;
  sweep.decibels = decibels;
  const char* as = decibels ? "decibels" : "signed linear readings";
  const bool alike = plain.gamma.low < study.gamma.high && study.gamma.low < plain.gamma.high;
  if (clear || alike)
    taken.notes.push_back(fmt::format(
        "readings on both sides of 0 are read as {}, which leaves {:.2g} of the "
        "amplitude (the other reading {:.2g}); --y-unit says which",
        as, taken.fit.noise_to_amplitude, (decibels ? plain : study).fit.noise_to_amplitude));
  else
    taken.fit.problems.push_back(
        fmt::format("readings on both sides of 0 are read as {}, but decibels and "
                    "signed readings fit alike: --y-unit dBm or mW says which",
                    as));
  return std::move(taken);
}

Json study_json(const FringeStudy& study, const FringeAxis& axis) {
  const FringeFit& fit = study.fit;
  const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(); };
  const double pi_drive = axis.itself ? study.pi_V * study.pi_V : study.pi_V;
  const auto bound = [&](double v) { return number(axis.itself ? v * v : v); };
  Json json = {{"gamma", fit.gamma},
               {"gamma_unit", axis.gamma},
               {"gamma_sigma", fit.gamma_sigma},
               {"gamma_interval", {study.gamma.low, study.gamma.high}},
               {"gamma2", fit.gamma2},
               {"gamma2_sigma", fit.gamma2_sigma},
               {"phase_rad", fit.phase_rad},
               {"phase_sigma", fit.phase_sigma},
               {"phase_interval", {study.phase_rad.low, study.phase_rad.high}},
               {"phase_at", axis.from},
               {"pi_voltage_V", Json()},
               {"visibility", fit.visibility},
               {"offset", fit.mean - fit.amplitude},
               {"mean", fit.mean},
               {"amplitude", fit.amplitude},
               {"cubic", fit.cubic},
               {"rms", fit.rms},
               {"problems", fit.problems},
               {"notes", study.notes}};
  json[axis.key] = number(pi_drive);
  json[std::string(axis.key) + "_interval"] =
      std::isfinite(study.pi_V)
          ? Json{bound(study.pi_V_interval.low), bound(study.pi_V_interval.high)}
          : Json();
  return json;
}

std::string study_text(const FringeStudy& study, const FringeAxis& axis) {
  const FringeFit& fit = study.fit;
  const auto shown = [&](double v) { return axis.itself ? v * v : v; };
  std::string text = fmt::format("gamma {:.6g} +- {:.2g} {} (95 %: {:.6g} to {:.6g})\n", fit.gamma,
                                 fit.gamma_sigma, axis.gamma, study.gamma.low, study.gamma.high);
  text +=
      std::isfinite(study.pi_V)
          ? fmt::format("{} {:.4f} {} (95 %: {:.4f} to {:.4f})\n", axis.pi, shown(study.pi_V),
                        axis.unit, shown(study.pi_V_interval.low), shown(study.pi_V_interval.high))
          : fmt::format("{}: the phase never moves by pi\n", axis.pi);
  if (fit.gamma2 != 0)
    text += fmt::format("gamma_2 {:.4g} +- {:.2g} {}\n", fit.gamma2, fit.gamma2_sigma, axis.gamma2);
  text += axis.from != 0 ? fmt::format("phi at {:.4g} {}", axis.from, axis.unit) : "phi_0";
  return text + fmt::format(" {:.4f} +- {:.2g} rad\nvisibility {:.4f}, RMS {:.3g}\n", fit.phase_rad,
                            fit.phase_sigma, fit.visibility, fit.rms);
}

Shown do_fringe(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path = operand(line, 0, "a table of a heater's voltage and the power read");
  at_most_operands(line, 1);
  const LabTable table = read_lab_table(read_file(path, "table"), path);
  HeaterSweep sweep = heater_sweep_from(table, {.over = drive_of(line.value("over", "auto")),
                                                .x = line.value("x", ""),
                                                .y = line.value("y", ""),
                                                .x_unit = line.value("x-unit", ""),
                                                .y_unit = line.value("y-unit", "")});
  const bool linear = line.value("law", "") == "linear";
  require(!linear || sweep.over == Drive::voltage,
          "--law linear is that of a voltage (an electro-optic modulator); over a heater's power "
          "phases are linear anyhow");
  FringeAxis axis = axis_of(sweep.over, linear);
  if (linear) axis.from = *std::min_element(sweep.drive.begin(), sweep.drive.end());
  const FringeSweepData data{squared_drive(axis, sweep.drive), sweep.readings};
  FringeStudy study = study_either(data, options_of(line, axis), sweep);
  for (const std::size_t i : study.left_out)
    sweep.notes.push_back(
        fmt::format("the reading {:.4g} at {:.4g} {} (line {}) stands alone and is left out",
                    sweep.readings[i], sweep.drive[i], axis.unit, sweep.lines[i]));
  study.notes.insert(study.notes.begin(), sweep.notes.begin(), sweep.notes.end());
  Shown result{.json = study_json(study, axis), .text = study_text(study, axis)};
  for (const std::string& note : study.notes) result.text += "note: " + note + "\n";
  result.text += problems_text(study.fit.problems);
  return result;
}

}  // namespace

extern const Command calibrate_fringe_command{
    .name = "calibrate fringe",
    .operand = "sweep.csv",
    .summary = "one heater from the fringe of its sweep",
    .options = {{"law", "NAME",
                 "quadratic (default), self-heating, cubic; linear: of an electro-optic modulator"},
                {"pi-voltage", "V", "design value of V_pi (mA or mW over those), to look near it"},
                {"over", "NAME", "voltage, current, power (electrical) or auto (default)"},
                {"x", "COLUMN", "the column of the heater's drive, by name or number"},
                {"y", "COLUMN", "the column of powers read, by name or number"},
                {"x-unit", "UNIT", "V, mV, mA, mW ...: instead of what the header says"},
                {"y-unit", "UNIT", "mW, dBm ...: instead of what header and values say"}},
    .run = do_fringe};

}  // namespace lightloom::experiments

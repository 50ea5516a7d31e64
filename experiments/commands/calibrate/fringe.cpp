#include "calibration/elements/fringe.hpp"

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/files/column_file.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

FringeLaw law_of(const std::string& name) {
  if (name == "quadratic") return FringeLaw::quadratic;
  if (name == "self-heating") return FringeLaw::self_heating;
  if (name == "cubic") return FringeLaw::cubic;
  throw Error(fmt::format("--law {}: must be quadratic, self-heating or cubic", name));
}

Shown do_fringe(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path = operand(line, 0, "a CSV with the columns voltage_V,power");
  at_most_operands(line, 1);
  const std::vector<TableColumn> table = read_columns(path);
  FringeOptions options{.law = law_of(line.value("law", "quadratic"))};
  if (line.has("pi-voltage")) {
    const double volts = line.real("pi-voltage", 0, 1e-6);
    const double gamma = std::numbers::pi / (volts * volts);
    options.gamma_low = 0.7 * gamma;
    options.gamma_high = 1.3 * gamma;
  }
  const FringeFit fit = fit_fringe(column_named(table, path, "voltage_V"),
                                   column_named(table, path, "power"), options);
  Shown result;
  result.json = {{"gamma", fit.gamma},
                 {"gamma_sigma", fit.gamma_sigma},
                 {"gamma2", fit.gamma2},
                 {"gamma2_sigma", fit.gamma2_sigma},
                 {"phase_rad", fit.phase_rad},
                 {"phase_sigma", fit.phase_sigma},
                 {"pi_voltage_V", std::sqrt(std::numbers::pi / fit.gamma)},
                 {"visibility", fit.visibility},
                 {"offset", fit.mean - fit.amplitude},
                 {"mean", fit.mean},
                 {"amplitude", fit.amplitude},
                 {"cubic", fit.cubic},
                 {"rms", fit.rms},
                 {"problems", fit.problems}};
  result.text = fmt::format(
      "gamma {:.6g} +- {:.2g} rad/V^2 (V_pi {:.4f} V)\nphi_0 {:.4f} +- {:.2g} rad\nvisibility "
      "{:.4f}, RMS {:.3g}\n{}",
      fit.gamma, fit.gamma_sigma, std::sqrt(std::numbers::pi / fit.gamma), fit.phase_rad,
      fit.phase_sigma, fit.visibility, fit.rms, problems_text(fit.problems));
  return result;
}

}  // namespace

extern const Command calibrate_fringe_command{
    .name = "calibrate fringe",
    .operand = "sweep.csv",
    .summary = "one heater from the fringe of its sweep",
    .writes = Writes::nothing,
    .options = {{"law", "NAME", "quadratic (default), self-heating or cubic"},
                {"pi-voltage", "V", "design value of V_pi, to look near it"}},
    .run = do_fringe};

}  // namespace lightloom::experiments

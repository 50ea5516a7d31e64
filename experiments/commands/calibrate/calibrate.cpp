#include "experiments/commands/calibrate/calibrate.hpp"

#include "calibration/measurement/measurements_file.hpp"
#include "core/cards/words.hpp"
#include "core/cards/card.hpp"
#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

struct Action {
  const char* name;
  const char* usage;
  CommandResult (*run)(const CommandLine& line);
};

const std::vector<Action>& actions() {
  static const std::vector<Action> table{
      {"simulate", "chip.yaml -o data.h5", calibrate_simulate},
      {"fit", "data.h5 -o device.yaml", calibrate_fit},
      {"predict", "device.yaml data.h5", calibrate_predict},
      {"program", "device.yaml matrix -o voltages.csv", calibrate_program},
      {"design", "device.yaml --settings 8 -o voltages.csv", calibrate_design},
      {"track", "device.yaml few.h5 -o device.yaml", calibrate_track},
      {"when",
       "device.yaml --error 0.05 | --card run.yaml --accuracy 0.9 --spread 0.1 --time-constant "
       "3600",
       calibrate_when},
      {"pulls", "chip.yaml --chips 50 [-o pulls.csv]", calibrate_pulls},
      {"fringe", "sweep.csv [--law quadratic|self-heating|cubic]", calibrate_fringe},
      {"ring", "spectrum.csv", calibrate_ring},
      {"line", "detector-or-converter.csv", calibrate_line},
      {"energy", "table.csv [--target column] [--into card.yaml --section path -o mine.yaml]",
       calibrate_energy},
      {"drift", "series.csv [--limit rad]", calibrate_drift},
  };
  return table;
}

std::string usage() {
  std::string text;
  for (const Action& action : actions())
    text += fmt::format("\n  lightloom calibrate {} {}", action.name, action.usage);
  return text;
}

}  // namespace

CommandResult run_calibrate(const CommandLine& line) {
  require(!line.operands.empty(), "lightloom calibrate needs an action:{}", usage());
  std::vector<std::string> known;
  for (const Action& action : actions()) {
    if (line.operands[0] == action.name) return action.run(line);
    known.emplace_back(action.name);
  }
  const std::string near = nearest_word(line.operands[0], known);
  throw Error(near.empty() ? fmt::format("lightloom calibrate has no action '{}':{}",
                                         line.operands[0], usage())
                           : fmt::format("lightloom calibrate has no action '{}' (did you mean "
                                         "'{}'?)",
                                         line.operands[0], near));
}

const std::string& calibrate_operand(const CommandLine& line, std::size_t index, const char* what) {
  require(line.operands.size() > index, "lightloom calibrate {} needs {}", line.operands[0], what);
  return line.operands[index];
}

void at_most_operands(const CommandLine& line, std::size_t count) {
  require(line.operands.size() <= count + 1,
          "lightloom calibrate {} takes {} operand{}, but '{}' is given too", line.operands[0],
          count, count == 1 ? "" : "s", line.operands.back());
}

double calibrate_number(const CommandLine& line, const std::string& option, double otherwise,
                        double least) {
  return line.real(option, otherwise, least);
}

DeviceFile read_device(const std::string& path) { return device_of(load_yaml(path)); }

DeviceFile device_of(const Tree& card) {
  calibration::ChipShape shape = calibration::chip_shape(calibration::chip_of_device(card));
  std::vector<double> parameters = calibration::parameters_of_card(shape, card),
                      sigma = calibration::sigmas_of_card(shape, card);
  return {std::move(shape), std::move(parameters), std::move(sigma)};
}

}  // namespace lightloom::experiments

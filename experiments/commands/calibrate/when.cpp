// When to calibrate a drifting chip again: for the error of a programmed matrix, or for the
// accuracy of a network that runs on the chip.
#include <algorithm>
#include <cmath>

#include "calibration/elements/drift_fit.hpp"
#include "calibration/model/device_card.hpp"
#include "core/error.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/statistics/spread.hpp"
#include "experiments/studies/recalibration.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

std::string time_text(double seconds) {
  return std::isfinite(seconds) ? fmt::format("{:.4g} s", seconds) : "never";
}

/// What the drifts found mean: the median of the draws, and how far they lie apart.
void answer(Drifts drifts, const DriftFit& drift, Shown& result) {
  std::sort(drifts.begin(), drifts.end());
  std::vector<double> times;
  Json times_json = Json::array(), drifts_json = Json::array();
  for (const double rms : drifts) {
    times.push_back(std::isfinite(rms) ? recalibrate_after_s(drift, rms) : INFINITY);
    drifts_json.push_back(number_or_null(rms));
    times_json.push_back(number_or_null(times.back()));
  }
  const std::size_t middle = (drifts.size() - 1) / 2;
  const bool all = std::isfinite(times.back());
  const Spread spread = spread_of(all ? times : std::vector<double>{});
  result.json.update({{"draws", drifts.size()},
                      {"drift_rad", number_or_null(drifts[middle])},
                      {"recalibrate_after_s", number_or_null(times[middle])},
                      {"earliest_s", number_or_null(times.front())},
                      {"latest_s", number_or_null(times.back())},
                      {"mean_s", number_or_null(spread.mean)},
                      {"interval_s", {number_or_null(spread.low), number_or_null(spread.high)}},
                      {"drifts_rad", drifts_json},
                      {"times_s", times_json}});
  result.text += std::isfinite(times[middle])
                     ? fmt::format("it is passed at a drift of {:.4g} rad, after {:.4g} s",
                                   drifts[middle], times[middle])
                     : std::string("it is never passed: no need to calibrate again");
  result.text += fmt::format(" (median of {} drifts drawn; earliest {}, latest {})\n",
                             drifts.size(), time_text(times.front()), time_text(times.back()));
}

Shown by_error(const CommandLine& line, const DeviceFile& device, const DriftFit& drift,
               std::size_t draws) {
  const double limit = line.real("error", 0, 1e-9);
  const ProgrammingTrial trial{.max_voltage_V = line.real("max-voltage", 6.5, 1e-6),
                               .targets = static_cast<int>(line.number("targets", 8, 1)),
                               .seed = line.seed.value_or(0)};
  std::vector<std::vector<double>> directions;
  for (std::uint32_t d = 0; d < draws; ++d)
    directions.push_back(drift_direction(device.shape, trial.seed, d));
  const double fresh = error_after_drift(device, directions.front(), 0, trial);
  require(fresh < limit,
          "--error {}: a fresh calibration of this chip leaves {:.4g} already (splitters that "
          "cannot reach their ratios, clipped drivers)",
          limit, fresh);
  Shown result{.json = {{"error_fresh", fresh}, {"error_limit", limit}},
               .text = fmt::format("error of a programmed matrix: {:.4g} when fresh, {} "
                                   "allowed\n",
                                   fresh, limit)};
  answer(least_drifts(draws, 0.01,
                      [&](const Drifts& rms) {
                        std::vector<bool> worse;
                        for (std::size_t d = 0; d < draws; ++d)
                          worse.push_back(error_after_drift(device, directions[d], rms[d], trial) >=
                                          limit);
                        return worse;
                      }),
         drift, result);
  return result;
}

/// The experiment of --card on the device, whose chip is --truth if there is one.
Experiment experiment_on(const Tree& device, const CommandLine& line) {
  Tree tree = load_card(line.value("card"), line.settings);
  if (line.seed) set_at(tree, "seed", Tree::of(fmt::format("{}", *line.seed)), ".");
  Experiment card = read_experiment(tree);
  card.calibration.device = device;
  if (line.has("truth")) card.calibration.truth = load_yaml(line.value("truth"));
  return card;
}

/// Drifts that are drawn.
struct DrawnDrifts {
  const DriftFit& drift;
  std::size_t draws;
};

Shown by_accuracy(const CommandLine& line, const Experiment& card, const DrawnDrifts& drawn,
                  ProgressSink& progress) {
  const DriftFit& drift = drawn.drift;
  const std::size_t draws = drawn.draws;
  const double limit = line.real("accuracy", 0, 1e-9);
  require(limit <= 1, "--accuracy {}: must be at most 1", limit);
  AgingNetwork network(card, draws, progress);
  const Spread fresh = spread_of(network.accuracies(Drifts(draws, 0.0)));
  const double digital = network.digital_accuracy();
  require(fresh.mean >= limit,
          "--accuracy {}: a fresh calibration of this chip gives {:.4g} only ({:.4g} digitally)",
          limit, fresh.mean, digital);
  Shown result{.json = {{"accuracy_digital", digital},
                        {"accuracy_fresh", fresh.mean},
                        {"accuracy_limit", limit}},
               .text = fmt::format("accuracy: {:.4g} digitally, {:.4g} on the chip when "
                                   "fresh, {} asked for\n",
                                   digital, fresh.mean, limit)};
  // An accuracy over some hundred images does not tell drifts of a few percent apart.
  answer(least_drifts(draws, 0.05,
                      [&](const Drifts& rms) {
                        std::vector<bool> worse;
                        for (const double accuracy : network.accuracies(rms))
                          worse.push_back(accuracy < limit);
                        return worse;
                      }),
         drift, result);
  const std::vector<std::string> chose = network.images_chose();
  result.json["images_chose"] = chose;
  result.text += images_chose_text(chose) + "\n";
  return result;
}

Shown do_when(const CommandLine& line, ProgressSink& progress) {
  const std::string path = operand(line, 0, "a device card");
  const Tree card = load_yaml(path);
  const DeviceFile device = device_of(card);
  at_most_operands(line, 1);
  require(
      line.has("error") != line.has("accuracy") && line.has("spread") && line.has("time-constant"),
      "lightloom calibrate when needs --error (of a programmed matrix) or --card and --accuracy "
      "(of its network), and --spread (rad) and --time-constant (s) of the drift (lightloom "
      "calibrate drift finds both)");
  require(line.has("card") == line.has("accuracy"),
          "lightloom calibrate when: --accuracy goes with --card (an experiment whose network runs "
          "on the chip)");
  const DriftFit drift{.sigma = line.real("spread", 0, 1e-12),
                       .time_constant_s = line.real("time-constant", 0, 1e-12)};
  const auto draws = static_cast<std::size_t>(line.number("draws", 5, 1));
  require(draws <= 1000, "--draws {}: must be at most 1000", draws);
  return line.has("accuracy")
             ? by_accuracy(line, experiment_on(card, line), {drift, draws}, progress)
             : by_error(line, device, drift, draws);
}

}  // namespace

extern const Command calibrate_when_command{
    .name = "calibrate when",
    .operand = "device.yaml",
    .summary = "when a drifting device must be calibrated again",
    .options = {{"error", "VALUE", "error of a programmed matrix that must not be exceeded"},
                {"card", "FILE", "an experiment whose network runs on the chip"},
                {"accuracy", "VALUE",
                 "with --card: the network's accuracy below which the chip is too old"},
                {"spread", "RAD", "standard deviation of the phases' drift after a long time"},
                {"time-constant", "S", "of that drift"},
                {"draws", "N", "drifts drawn, for the spread of the answer (5)"},
                {"truth", "FILE", "with --card: the chip that drifts, instead of the card's"},
                {"targets", "N", "with --error: random matrices programmed (8)"},
                {"max-voltage", "V", "with --error: of the drivers (6.5)"}},
    .run = do_when};

}  // namespace lightloom::experiments

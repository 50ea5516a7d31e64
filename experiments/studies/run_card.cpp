#include "experiments/studies/run_card.hpp"

#include "core/error.hpp"
#include "experiments/studies/run_experiment.hpp"

namespace lightloom::experiments {

Labelled run_card(const std::string& path, const std::vector<std::string>& settings) {
  const Experiment card = read_experiment(load_card(path, settings));
  require(card.resolved.find("sweep") == nullptr,
          "{}: a card with a sweep section is a grid of experiments, not one", path);
  std::string command = "lightloom::experiments::run_card " + path;
  for (const std::string& setting : settings) command += " --set " + setting;
  Workbench workbench;
  return results_of(run_experiment(card, workbench), card, command);
}

}  // namespace lightloom::experiments

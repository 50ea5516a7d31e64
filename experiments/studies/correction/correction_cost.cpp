#include "experiments/studies/correction/correction_cost.hpp"

#include <algorithm>

#include "experiments/studies/correction/correction_study.hpp"
#include "experiments/studies/costs/cost_study.hpp"

namespace lightloom::experiments {
namespace {

/// The digital work behind the layers of these names.
void add_work(const std::vector<std::string>& names, const std::vector<cosim::DigitalWork>& work,
              std::vector<cosim::CostLayer>& layers) {
  for (cosim::CostLayer& layer : layers) {
    const auto at = std::find(names.begin(), names.end(), layer.shape.name);
    if (at == names.end() || layer.product) continue;
    const cosim::DigitalWork& more = work[static_cast<std::size_t>(at - names.begin())];
    layer.digital += more;
    if (!layer.products.empty()) layer.before_products += more;
  }
}

}  // namespace

void add_correction_cost(const Experiment& card, Workbench& workbench, const LayerWork& work,
                         CorrectionStudy& study) {
  if (!card.measures.cost) return;
  NetworkCard alone = card.network;
  alone.baselines.clear();
  const SourceLayers layers{workbench.layers(card)->front()};
  const cosim::CostReport plain = study_cost(alone, card.hardware, layers).steady.front();
  study.cost_known = true;
  study.batch = card.hardware.batch;
  study.time_s = plain.time_s();
  study.energy_J = plain.energy_J();
  for (CorrectorResult& corrector : study.correctors) {
    const auto own = work.find(corrector.name);
    if (own == work.end()) continue;
    SourceLayers corrected = layers;
    add_work(study.layers, own->second, corrected.front());
    const cosim::CostReport report = study_cost(alone, card.hardware, corrected).steady.front();
    corrector.added_time_s = report.time_s() - study.time_s;
    corrector.added_energy_J = report.energy_J() - study.energy_J;
  }
}

}  // namespace lightloom::experiments

#include "experiments/from_cards/ratio_card.hpp"

#include "experiments/from_cards/ratio_study.hpp"
#include "experiments/studies/run_experiment.hpp"

namespace lightloom::experiments {

Labelled ratio_card(const Tree& card, const RatioNames& names) {
  const RatioStudy study = read_ratio(card, names);
  RatiosFound found = ratios_of(study);
  const RunResult result{.labels = std::move(found.labels), .ratios = std::move(found.ratios)};
  Labelled data = to_labelled(result, Experiment{});
  data.attributes["kind"] = "ratio";
  data.attributes["model"] = study.model;
  data.attributes["dataset"] = study.dataset;
  return data;
}

}  // namespace lightloom::experiments

#include "experiments/from_cards/timeline_card.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "experiments/studies/costs/visits_output.hpp"
#include "experiments/studies/workbench.hpp"

namespace lightloom::experiments {

Labelled timeline_card(const CardCall& call, const std::string& source) {
  const Experiment card = read_experiment(call.card);
  const std::vector<std::string> labels = source_labels(card.network);
  const auto found =
      source.empty() ? labels.begin() : std::find(labels.begin(), labels.end(), source);
  require(found != labels.end(), "there is no weight source '{}' (the card has {})", source,
          fmt::join(labels, ", "));
  Workbench workbench(*call.progress);
  const std::vector<cosim::CostInput> inputs = cost_inputs(*workbench.layers(card), card.hardware);
  Labelled data =
      visits_of(cosim::simulate_visits(inputs[static_cast<std::size_t>(found - labels.begin())]));
  data.attributes["kind"] = "timeline";
  data.attributes["title"] = card.name;
  data.attributes["source"] = *found;
  data.attributes["command"] = call.command;
  return data;
}

}  // namespace lightloom::experiments

#include "experiments/from_cards/cost_card.hpp"

#include "core/error.hpp"
#include "experiments/studies/run_experiment.hpp"

namespace lightloom::experiments {

Tree resolve_card(const Tree& card) { return read_experiment(card).resolved; }

Labelled run_card(const CardCall& call) {
  const Experiment card = read_experiment(call.card);
  require(card.resolved.find("sweep") == nullptr,
          "{}: a card with a sweep section is a grid of experiments, not one", card.name);
  Workbench workbench(*call.progress);
  return results_of(run_experiment(card, workbench, *call.progress), card, call.command);
}

Labelled cost_card(const CardCall& call) {
  CardCall costs = call;
  Tree measured = Tree::list();
  measured.items.push_back(Tree::of("cost"));
  set_at(costs.card, "measure", measured, ".");
  return run_card(costs);
}

}  // namespace lightloom::experiments

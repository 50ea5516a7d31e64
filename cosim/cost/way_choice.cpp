#include "cosim/cost/way_choice.hpp"

#include <algorithm>
#include <limits>

#include "core/error.hpp"
#include "cosim/cost/best_plan.hpp"
#include "cosim/cost/cost_simulation.hpp"
#include "cosim/generator/generator_table.hpp"

namespace lightloom::cosim {
namespace {

/// Tile visits that a descent may simulate: a few seconds. It stops after the layer in hand.
constexpr std::int64_t most_visits = 20'000'000;

bool possible(const CostInput& input, const CostLayer& layer, WeightDelivery way) {
  if (way == WeightDelivery::reload) return true;
  if (!layer.takes_work()) return false;
  if (way == WeightDelivery::factored) return layer.factors.has_value() && layer.shape.groups == 1;
  const bool analog_mesh =
      hands_over_light(input.generator) && input.core.cost.decompose_operations > 0;
  return input.generator.present() && !analog_mesh;
}

std::vector<WeightDelivery> possible_ways(const CostInput& input, const CostLayer& layer) {
  if (layer.way != WeightDelivery::automatic) return {layer.way};
  std::vector<WeightDelivery> ways;
  for (const WeightDelivery way :
       {WeightDelivery::reload, WeightDelivery::regenerate, WeightDelivery::factored})
    if (possible(input, layer, way)) ways.push_back(way);
  return ways;
}

class Chooser {
 public:
  explicit Chooser(const CostInput& input) : input_(input), trial_(input) {
    for (const CostLayer& layer : input.layers) options_.push_back(possible_ways(input, layer));
  }

  std::vector<WeightDelivery> run() {
    std::vector<WeightDelivery> alone;
    for (std::size_t i = 0; i < options_.size(); ++i) alone.push_back(best_alone(i));
    consider(alone);
    for (const WeightDelivery way :
         {WeightDelivery::reload, WeightDelivery::regenerate, WeightDelivery::factored})
      consider(all(way, alone));
    descend();
    return best_;
  }

 private:
  /// The cheapest way of a layer that is simulated by itself.
  WeightDelivery best_alone(std::size_t i) {
    if (options_[i].size() == 1) return options_[i].front();
    WeightDelivery chosen = WeightDelivery::reload;
    double least = std::numeric_limits<double>::infinity();
    trial_.layers = {input_.layers[i]};
    for (const WeightDelivery way : options_[i]) {
      const double cost = simulate({way});
      if (cost < least) {
        least = cost;
        chosen = way;
      }
    }
    trial_.layers = input_.layers;
    return chosen;
  }

  /// One way for all layers that can take it.
  [[nodiscard]] std::vector<WeightDelivery> all(WeightDelivery way,
                                                std::vector<WeightDelivery> ways) const {
    for (std::size_t i = 0; i < ways.size(); ++i)
      if (std::find(options_[i].begin(), options_[i].end(), way) != options_[i].end())
        ways[i] = way;
    return ways;
  }

  double simulate(const std::vector<WeightDelivery>& ways) {
    for (std::size_t i = 0; i < ways.size(); ++i) trial_.layers[i].way = ways[i];
    trial_.generator = input_.generator;
    drop_unused_generator(trial_);
    try {
      const CostReport report = simulate_cost(trial_);
      for (const LayerCost& layer : report.layers) visits_ += layer.visits;
      return objective_cost(report, input_.schedule.objective);
    } catch (const Error&) {  // a way that this hardware has no room for
      return std::numeric_limits<double>::infinity();
    }
  }

  bool consider(const std::vector<WeightDelivery>& ways) {
    if (ways == best_) return false;
    const double cost = simulate(ways);
    if (!best_.empty() && cost >= least_) return false;
    least_ = cost;
    best_ = ways;
    return true;
  }

  /// Changes the way of one layer at a time while the whole gets cheaper.
  void descend() {
    std::size_t unchanged = 0;
    for (std::size_t i = 0; unchanged < options_.size() && visits_ < most_visits;
         i = (i + 1) % options_.size()) {
      ++unchanged;
      for (const WeightDelivery way : options_[i]) {
        std::vector<WeightDelivery> ways = best_;
        ways[i] = way;
        if (consider(ways)) unchanged = 0;
      }
    }
  }

  const CostInput& input_;
  CostInput trial_;
  std::vector<std::vector<WeightDelivery>> options_;  // by layer
  std::vector<WeightDelivery> best_;
  double least_ = 0;
  std::int64_t visits_ = 0;
};

bool is_automatic(const CostLayer& layer) { return layer.way == WeightDelivery::automatic; }

}  // namespace

void drop_unused_generator(CostInput& input) {
  const bool used = std::any_of(input.layers.begin(), input.layers.end(), [](const CostLayer& l) {
    return l.way == WeightDelivery::regenerate;
  });
  if (!used) input.generator.kind = no_generator;
}

CostInput choose_ways(const CostInput& input) {
  if (std::none_of(input.layers.begin(), input.layers.end(), is_automatic)) return input;
  CostInput chosen = input;
  const std::vector<WeightDelivery> ways = Chooser(input).run();
  for (std::size_t i = 0; i < ways.size(); ++i) chosen.layers[i].way = ways[i];
  drop_unused_generator(chosen);
  return chosen;
}

}  // namespace lightloom::cosim

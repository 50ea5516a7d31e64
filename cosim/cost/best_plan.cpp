#include "cosim/cost/best_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace lightloom::cosim {
namespace {

/// What is wrong with a plan whose tiles a buffer cannot hold; empty: nothing.
std::string lack_of_room(const CostInput& input, const NetworkPlan& plan) {
  const auto lack = [](const char* buffer, const memory::BufferCard& card, double needs) {
    if (needs <= card.bytes()) return std::string();
    return fmt::format(
        "{0} buffer has {1:g} KB but one tile needs {2:g} KB (give memory.{0}_buffer.capacity_KB "
        "at "
        "least that, or the core fewer rows and columns)",
        buffer, card.bytes() / 1024, needs / 1024);
  };
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    const RoomNeeds& needs = plan.layers[i].needs;
    for (const std::string& what :
         {lack("weight", input.memory.weight_buffer, needs.weight_buffer),
          lack("tile", input.memory.tile_buffer, needs.tile_buffer),
          lack("activation", input.memory.activation_buffer, needs.activation_buffer)})
      if (!what.empty())
        return fmt::format("layer '{}' cannot run: the {}", input.layers[i].shape.name, what);
  }
  return {};
}

/// Time of the part that all layers together keep busy longest.
double busiest_part_ns(const std::vector<LayerPlan>& layers, int cores) {
  double dram = 0, settings = 0, generator = 0, cores_own = 0;
  for (const LayerPlan& layer : layers) {
    const auto& needs = layer.needs_ns;
    for (const Stage stage : {Stage::fetch_weights, Stage::fetch_inputs, Stage::write_back})
      dram += needs[stage][TimePart::dram];
    settings += needs[Stage::decompose][TimePart::settings];
    generator += needs[Stage::generate][TimePart::generator];
    cores_own += needs[Stage::compute][TimePart::core] / cores;
  }
  return std::max({dram, settings, generator, cores_own});
}

struct CoresInUse {
  int cores = 1;
  bool copies = false;
};

/// A time that no plan with these cores stays below, from any plan of the same layers: layer by
/// layer, its vectors through the cores that find a tile, or the buffer that they all stream from.
double least_time_ns(const std::vector<LayerPlan>& layers, const CoresInUse& use) {
  double least = 0;
  for (const LayerPlan& layer : layers) {
    const auto visits = static_cast<double>(layer.tiles.size()) / layer.replicas;
    const double busy = use.copies ? use.cores : std::min<double>(use.cores, visits);
    const PartTimes& needs = layer.needs_ns[Stage::compute];
    least += std::max(needs[TimePart::core] / busy, needs[TimePart::activation_buffer]);
  }
  return std::max(least, busiest_part_ns(layers, use.cores));
}

/// Limits that tell layers apart, of a few that do not depend on what is stored: so fewer bits have
/// every choice that more have.
std::vector<double> settings_limits(const std::vector<double>& settings_per_weight) {
  static constexpr double grid[] = {1, 1.125, 1.25, 1.5, 2, 3, 4, 8, 1e300};
  std::vector<double> limits;
  double below = 0;
  for (const double limit : grid) {
    const bool takes_more =
        std::any_of(settings_per_weight.begin(), settings_per_weight.end(),
                    [&](double settings) { return settings > below && settings <= limit; });
    if (takes_more) limits.push_back(limit);
    below = limit;
  }
  return limits;
}

class Planner {
 public:
  Planner(const ReadyLayers& ready, CostContext& context) : ready_(ready), context_(context) {}

  BestPlan run() {
    const ScheduleCard& card = context_.input.schedule;
    for (int cores = card.cores; cores >= 1 && is_worth_trying(cores, true); cores /= 2) {
      const bool copies = consider_deliveries({.cores = cores, .replicate = card.replicate});
      if (copies && is_worth_trying(cores, false)) consider_deliveries({.cores = cores});
    }
    require(best_.has_value(), "{}", lack_);
    context_.choice = best_->choice;
    return std::move(*best_);
  }

 private:
  /// What could be done otherwise than in a plan.
  struct Others {
    bool copies = false;                      // it has some
    std::vector<double> settings_per_weight;  // by layer
  };

  /// Whether so few cores, with or without copies, could be quicker by more than a thousandth.
  [[nodiscard]] bool is_worth_trying(int cores, bool copies) const {
    if (!best_ || context_.input.schedule.objective != Objective::time) return true;
    const double least = least_time_ns(best_->plan.layers, {cores, copies});
    return least < (1 - 1e-3) * best_->report.time_ns;
  }

  /// Returns whether there are copies to do without.
  bool consider_deliveries(PlanChoice choice) {
    const Others others = consider(choice);
    for (const double most : settings_limits(others.settings_per_weight)) {
      choice.most_settings_per_weight = most;
      consider(choice);
    }
    return others.copies;
  }

  Others consider(const PlanChoice& choice) {
    context_.choice = choice;
    NetworkPlan plan = plan_network(context_);
    Others others;
    for (const LayerPlan& layer : plan.layers) {
      others.copies = others.copies || layer.replicas > 1;
      others.settings_per_weight.push_back(layer.settings_per_weight);
    }
    const std::string lack = lack_of_room(context_.input, plan);
    if (lack_.empty()) lack_ = lack;
    if (!lack.empty() || is_hopeless(plan)) return others;
    CostReport report = report_on(ready_, {context_, plan, {}});
    if (!best_ || is_better(report, best_->report))
      best_ = BestPlan{choice, std::move(plan), std::move(report)};
    return others;
  }

  /// Its busiest part alone takes longer than the best plan.
  [[nodiscard]] bool is_hopeless(const NetworkPlan& plan) const {
    if (!best_ || context_.input.schedule.objective != Objective::time) return false;
    return busiest_part_ns(plan.layers, context_.choice.cores) > best_->report.time_ns;
  }

  [[nodiscard]] bool is_better(const CostReport& one, const CostReport& other) const {
    const Objective objective = context_.input.schedule.objective;
    const double mine = objective_cost(one, objective), its = objective_cost(other, objective);
    return mine < its || (mine == its && one.energy_J() < other.energy_J());
  }

  const ReadyLayers& ready_;
  CostContext& context_;
  std::optional<BestPlan> best_;
  std::string lack_;  // of room, in the first plan that has none
};

}  // namespace

double objective_cost(const CostReport& report, Objective objective) {
  switch (objective) {
    case Objective::time:
      return report.time_ns;
    case Objective::energy:
      return report.energy_J();
    case Objective::energy_delay:
      return report.energy_J() * report.time_ns;
  }
  return report.time_ns;
}

BestPlan best_plan(const ReadyLayers& ready, CostContext& context) {
  return Planner(ready, context).run();
}

}  // namespace lightloom::cosim

#include "cosim/cost/best_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "cosim/cost/least_time.hpp"

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
    const RoomNeeds& needs = plan.layers[i]->needs;
    for (const std::string& what :
         {lack("weight", input.memory.weight_buffer, needs.weight_buffer),
          lack("tile", input.memory.tile_buffer, needs.tile_buffer),
          lack("activation", input.memory.activation_buffer, needs.activation_buffer)})
      if (!what.empty())
        return fmt::format("layer '{}' cannot run: the {}", input.layers[i].shape.name, what);
  }
  return {};
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

/// A plan with what is known of its schedule.
struct Candidate {
  Candidate(const PlanChoice& its_choice, NetworkPlan its_plan, PlanMemory& memory)
      : choice(its_choice), plan(std::move(its_plan)), known(memory.schedule_of(plan)) {}
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;
  ~Candidate() { known.end_search(); }

  double rough_time(double limit) {
    const auto time = known.known_rough(limit);
    return time ? *time : known.rough(fill_schedule(plan), limit);
  }
  /// Infinite where it must exceed `limit`, else the plan takes that order.
  double best_time(double limit) {
    const auto found = known.known_best(limit);
    const BestOrder best = found ? *found : known.best(fill_schedule(plan), limit);
    if (best.time <= limit) plan.schedule.order = best.order;
    return best.time;
  }

  PlanChoice choice;
  NetworkPlan plan;
  KnownSchedule& known;
};

class Planner {
 public:
  Planner(const ReadyLayers& ready, CostContext& context, PlanMemory& memory)
      : ready_(ready), context_(context), memory_(memory) {}

  BestPlan run() {
    const ScheduleCard& card = context_.input.schedule;
    consider_deliveries({.cores = card.cores, .replicate = card.replicate});
    if (best_ && has_copies(best_->plan))
      consider_variant([](PlanChoice& c) { c.replicate = false; });
    consider_fewer_cores();
    require(best_ != nullptr, "{}", lack_);
    if (!report_) report_ = report(*best_);
    context_.choice = best_->choice;
    return {best_->choice, std::move(best_->plan), std::move(*report_)};
  }

 private:
  static bool has_copies(const NetworkPlan& plan) {
    return std::any_of(plan.layers.begin(), plan.layers.end(),
                       [](const auto& layer) { return layer->replicas > 1; });
  }

  void consider_deliveries(PlanChoice choice) {
    for (const double most : settings_limits(consider(choice))) {
      choice.most_settings_per_weight = most;
      consider(choice);
    }
  }

  /// Half the cores, a quarter, ... one, with copies and without, until far off.
  void consider_fewer_cores() {
    const ScheduleCard& card = context_.input.schedule;
    for (const bool copies : {true, false}) {
      bool close = best_ && (card.replicate || !copies);
      for (int cores = card.cores / 2; close && cores >= 1; cores /= 2)
        close = consider_variant([&](PlanChoice& c) { c.cores = cores, c.replicate = copies; });
    }
  }

  /// Changes the best choice. What is no quicker in one order of the DRAM is not tried in others;
  /// returns whether it came close.
  template <class Change>
  bool consider_variant(const Change& change) {
    PlanChoice choice = best_->choice;
    change(choice);
    auto candidate = plan_for(choice);
    if (!lack_of_room(context_.input, candidate->plan).empty()) return true;
    if (context_.input.schedule.objective == Objective::time) {
      const double best = least_cost();
      if (least_time_ns(candidate->plan) > 1.03 * best) return false;
      const double rough = candidate->rough_time(1.03 * best);
      if (rough > best) return rough < 1.03 * best;
    }
    keep_if_better(std::move(candidate));
    return true;
  }

  /// Returns how many settings a weight takes, by layer.
  std::vector<double> consider(const PlanChoice& choice) {
    auto candidate = plan_for(choice);
    std::vector<double> settings;
    for (const auto& layer : candidate->plan.layers) settings.push_back(layer->settings_per_weight);
    const std::string lack = lack_of_room(context_.input, candidate->plan);
    if (lack_.empty()) lack_ = lack;
    if (lack.empty() && !is_hopeless(*candidate)) keep_if_better(std::move(candidate));
    return settings;
  }

  std::unique_ptr<Candidate> plan_for(const PlanChoice& choice) {
    context_.choice = choice;
    return std::make_unique<Candidate>(choice, plan_network(context_, memory_.layers), memory_);
  }

  /// It must take longer than the best plan, or is far off in one order.
  bool is_hopeless(Candidate& candidate) {
    if (!best_ || context_.input.schedule.objective != Objective::time) return false;
    const double limit = 1.02 * least_cost();
    return least_time_ns(candidate.plan) > least_cost() || candidate.rough_time(limit) > limit;
  }

  void keep_if_better(std::unique_ptr<Candidate> candidate) {
    std::optional<double> cost;
    if (best_) {
      if (&candidate->known == &best_->known) return;  // the same plan in another choice's words
      const double least = least_cost();
      cost = cost_of(*candidate, least);
      if (*cost > least) return;
      if (*cost == least) return keep_if_energy_is_less(std::move(candidate));
    }
    best_ = std::move(candidate);
    least_cost_ = cost;
    report_.reset();
  }

  void keep_if_energy_is_less(std::unique_ptr<Candidate> candidate) {
    if (!report_) report_ = report(*best_);
    CostReport other = report(*candidate);
    if (other.energy_J() >= report_->energy_J()) return;
    best_ = std::move(candidate);
    report_ = std::move(other);
  }

  /// Of the best plan; worked out when there is another to compare it with.
  double least_cost() {
    if (!least_cost_) least_cost_ = cost_of(*best_, std::numeric_limits<double>::infinity());
    return *least_cost_;
  }

  /// Settles the plan's order of the DRAM on the way.
  double cost_of(Candidate& candidate, double limit) {
    const Objective objective = context_.input.schedule.objective;
    if (objective != Objective::time) return objective_cost(report(candidate), objective);
    return candidate.best_time(limit);
  }

  CostReport report(Candidate& candidate) {
    context_.choice = candidate.choice;
    const ScheduleResult& run = memory_.run_of(candidate.plan);
    return report_on(ready_, {context_, candidate.plan, {}}, run);
  }

  const ReadyLayers& ready_;
  CostContext& context_;
  PlanMemory& memory_;
  std::unique_ptr<Candidate> best_;
  std::optional<double> least_cost_;
  std::optional<CostReport> report_;  // of the best plan
  std::string lack_;                  // of room, in the first plan that has none
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

BestPlan best_plan(const ReadyLayers& ready, CostContext& context, PlanMemory& memory) {
  return Planner(ready, context, memory).run();
}

}  // namespace lightloom::cosim

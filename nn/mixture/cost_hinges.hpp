#pragma once

#include <span>
#include <string>
#include <vector>

#include "nn/mixture/mixture_card.hpp"

namespace lightloom::nn {

/// The share of every candidate in every layer: theta, [layer][candidate], sums of 1.
using Shares = std::vector<std::vector<double>>;

/// What every candidate costs in every layer, and the most that all layers may cost.
struct CostTable {
  std::string name;
  std::vector<std::vector<double>> layers;  // [layer][candidate of it]
  double target = 0;
};

/// The sum over layers and candidates of share times cost.
double expected_cost(const CostTable& table, const Shares& shares);

/// The sum of every layer's dearest candidate.
double dearest_cost(const CostTable& table);

/// The full strength of a cost's hinge, task loss per unit of cost: max(0, task / (start -
/// target)); 0 where the start is no dearer than the target.
double hinge_strength(double task_loss, double start, double target);
/// Of epoch e = 0, 1, ..., n - 1: min(s/100 + 0.99 e s / (n/2), s), or always s.
double strength_at(Strengths strengths, double full, int epoch, int epochs);

/// The term sum_i s_i(e) max(0, cost_i - target_i) of a search's loss.
class CostHinges {
 public:
  CostHinges(std::vector<CostTable> tables, const MixtureCard& card);

  /// Sets the full strengths, by the task's loss after the warm-up and the costs then; where those
  /// meet their target and are to be held, by the dearest candidates' costs.
  void start(double task_loss, const Shares& shares);

  [[nodiscard]] double value(const Shares& shares, int epoch) const;
  /// Adds the derivatives of `value` in the shares of a layer.
  void add_gradient(const Shares& shares, int epoch, std::size_t layer,
                    std::span<double> gradient) const;

  [[nodiscard]] std::span<const CostTable> tables() const { return tables_; }
  [[nodiscard]] std::vector<double> costs(const Shares& shares) const;
  [[nodiscard]] std::vector<double> strengths(int epoch) const;
  [[nodiscard]] const std::vector<double>& full_strengths() const;

 private:
  std::vector<CostTable> tables_;
  std::vector<double> full_;
  Strengths strengths_;
  MetTargets met_;
  int epochs_;
};

}  // namespace lightloom::nn

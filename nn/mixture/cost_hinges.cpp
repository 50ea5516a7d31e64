#include "nn/mixture/cost_hinges.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace lightloom::nn {

double expected_cost(const CostTable& table, const Shares& shares) {
  assert(shares.size() == table.layers.size());
  double sum = 0;
  for (std::size_t l = 0; l < shares.size(); ++l)
    sum = std::inner_product(shares[l].begin(), shares[l].end(), table.layers[l].begin(), sum);
  return sum;
}

double dearest_cost(const CostTable& table) {
  double sum = 0;
  for (const std::vector<double>& layer : table.layers) sum += std::ranges::max(layer);
  return sum;
}

double hinge_strength(double task_loss, double start, double target) {
  return start > target ? std::max(0.0, task_loss / (start - target)) : 0.0;
}

double strength_at(Strengths strengths, double full, int epoch, int epochs) {
  if (strengths == Strengths::constant) return full;
  return std::min(full / 100 + 0.99 * epoch * full / (0.5 * epochs), full);
}

CostHinges::CostHinges(std::vector<CostTable> tables, const MixtureCard& card)
    : tables_(std::move(tables)),
      full_(tables_.size()),
      strengths_(card.strengths),
      met_(card.met_targets),
      epochs_(card.epochs) {}

void CostHinges::start(double task_loss, const Shares& shares) {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    double from = expected_cost(tables_[i], shares);
    if (from <= tables_[i].target && met_ == MetTargets::held) from = dearest_cost(tables_[i]);
    full_[i] = hinge_strength(task_loss, from, tables_[i].target);
  }
}

double CostHinges::value(const Shares& shares, int epoch) const {
  double sum = 0;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const double above = expected_cost(tables_[i], shares) - tables_[i].target;
    sum += strength_at(strengths_, full_[i], epoch, epochs_) * std::max(0.0, above);
  }
  return sum;
}

void CostHinges::add_gradient(const Shares& shares, int epoch, std::size_t layer,
                              std::span<double> gradient) const {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    if (expected_cost(tables_[i], shares) <= tables_[i].target) continue;
    const double strength = strength_at(strengths_, full_[i], epoch, epochs_);
    for (std::size_t c = 0; c < gradient.size(); ++c)
      gradient[c] += strength * tables_[i].layers[layer][c];
  }
}

std::vector<double> CostHinges::costs(const Shares& shares) const {
  std::vector<double> all;
  for (const CostTable& table : tables_) all.push_back(expected_cost(table, shares));
  return all;
}

const std::vector<double>& CostHinges::full_strengths() const { return full_; }

std::vector<double> CostHinges::strengths(int epoch) const {
  std::vector<double> all;
  for (const double full : full_) all.push_back(strength_at(strengths_, full, epoch, epochs_));
  return all;
}

}  // namespace lightloom::nn

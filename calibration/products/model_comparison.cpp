#include "calibration/products/model_comparison.hpp"

#include <cassert>
#include <cmath>

#include "calibration/products/phase_regression.hpp"
#include "calibration/products/residual_statistics.hpp"
#include "core/parallel.hpp"
#include "core/random/random.hpp"

namespace lightloom::calibration {
namespace {

/// One half that models are fitted to, the other that they predict.
struct Turn {
  const std::vector<int>& fitted;
  const std::vector<int>& held_out;
};

Eigen::MatrixXd own_residuals(const Centred& fitted, const Centred& held_out) {
  return held_out.y - held_out.x * own_slopes(fitted).asDiagonal();
}

Eigen::MatrixXd mixed_residuals(const Centred& fitted, const Centred& held_out) {
  return held_out.y - product(held_out.x, coefficients(fitted));
}

using Sums = std::array<ResidualSums, 4>;

/// The models among those wanted that have this period, with and without mixing.
struct ModelsOfPeriod {
  const ModelResiduals& wanted;
  int period;
};

/// Their residuals of one turn.
void add_models(const ProductMatrices& products, const Turn& turn, const ModelsOfPeriod& models,
                Sums& sums) {
  const auto& [wanted, period] = models;
  const Sides sides{products.expected, products.observed};
  const PhaseMeans means = phase_means(sides, turn.fitted, period);
  const Centred fitted = centred(sides, turn.fitted, means),
                held_out = centred(sides, turn.held_out, means);
  for (const ErrorModel model : wanted.models) {
    if (has_period(model) != (period > 1)) continue;
    sums[static_cast<std::size_t>(model)].add(
        mixes(model) ? mixed_residuals(fitted, held_out) : own_residuals(fitted, held_out),
        turn.held_out);
  }
}

double signal_rms(const ProductMatrices& products) {
  const Sides sides{products.expected, products.observed};
  std::vector<int> all(static_cast<std::size_t>(products.vectors()));
  for (std::size_t t = 0; t < all.size(); ++t) all[t] = static_cast<int>(t);
  const Centred data = centred(sides, all, phase_means(sides, all, 1));
  return (data.x * own_slopes(data).asDiagonal()).norm() /
         std::sqrt(static_cast<double>(data.x.size()));
}

}  // namespace

RowHalves row_halves(int rows, const Division& division, int number) {
  const int blocks = rows / division.period;
  assert(blocks >= 2);
  std::vector<std::uint32_t> order(static_cast<std::size_t>(blocks));
  fill_permutation(Stream(address_of(family::product_halves, division.seed)),
                   static_cast<std::uint64_t>(number), order);
  std::vector<char> in_first(static_cast<std::size_t>(blocks) + 1, 0);  // and what is left
  for (int k = 0; k < blocks / 2; ++k) in_first[order[static_cast<std::size_t>(k)]] = 1;
  RowHalves halves;
  for (int t = 0; t < rows; ++t)
    (in_first[static_cast<std::size_t>(t / division.period)] != 0 ? halves.first : halves.second)
        .push_back(t);
  return halves;
}

bool holds(ErrorModel largest, ErrorModel model) {
  return (mixes(largest) || !mixes(model)) && (has_period(largest) || !has_period(model));
}

ModelResiduals compare_models(const ProductMatrices& products, ErrorModel largest,
                              const Division& division) {
  ModelResiduals found;
  for (const ErrorModel model : error_models)
    if (holds(largest, model) && (division.period > 1 || !has_period(model)))
      found.models.push_back(model);
  const ResidualSums nothing(products.vectors(), products.outputs());
  std::vector<Sums> parts(static_cast<std::size_t>(division.divisions),
                          Sums{nothing, nothing, nothing, nothing});
  parallel_for_dynamic(division.divisions, [&](std::ptrdiff_t number) {
    Sums& sums = parts[static_cast<std::size_t>(number)];
    const RowHalves halves = row_halves(products.vectors(), division, static_cast<int>(number));
    for (const Turn& turn :
         {Turn{halves.first, halves.second}, Turn{halves.second, halves.first}}) {
      add_models(products, turn, {found, 1}, sums);
      if (division.period > 1 && has_period(largest))
        add_models(products, turn, {found, division.period}, sums);
    }
  });
  for (const ErrorModel model : found.models) {
    const auto place = static_cast<std::size_t>(model);
    ResidualSums total = nothing;
    for (const Sums& part : parts) total.add(part[place]);
    found.of[place] = total.statistics();
  }
  found.signal_rms = signal_rms(products);
  return found;
}

std::vector<double> squares_of_period(const ProductMatrices& products, const Division& division) {
  const Sides sides{products.expected, products.observed};
  ResidualSums sums(products.vectors(), products.outputs());
  for (int number = 0; number < division.divisions; ++number) {
    const RowHalves halves = row_halves(products.vectors(), division, number);
    for (const Turn& turn :
         {Turn{halves.first, halves.second}, Turn{halves.second, halves.first}}) {
      const PhaseMeans means = phase_means(sides, turn.fitted, division.period);
      sums.add(
          own_residuals(centred(sides, turn.fitted, means), centred(sides, turn.held_out, means)),
          turn.held_out);
    }
  }
  return sums.by_vector();
}

}  // namespace lightloom::calibration

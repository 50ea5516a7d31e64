#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/graph/layer_shape.hpp"
#include "nn/weights/exchange/exchange_card.hpp"

namespace lightloom::nn {

/// SmartExchange (Zhao et al., ISCA 2020) cuts a layer into blocks of `rows` x 3, each W_block ~ C
/// B with a small B of its own. A unit is one output filter: [in * 3, 3] for 3x3 kernels, the
/// vector of inputs padded to [rows, 3] for 1x1 and linear ones.
struct ExchangeShape {
  static constexpr int columns = 3;
  int units = 0;
  int words = 0;                // weights per unit
  std::vector<int> block_rows;  // of one unit

  [[nodiscard]] int rows() const;    // of one unit
  [[nodiscard]] int blocks() const;  // of the layer
};

/// Whether the reshape rules cover the layer: 3x3, 1x1 and linear ones, ungrouped, of at least
/// three rows. Others stay dense.
bool exchangeable(const LayerShape& shape);

/// Blocks of at most 192 rows: 3x3 units are cut by the largest suffix product of their row count's
/// prime factors, vectors into equal parts.
ExchangeShape exchange_shape(const LayerShape& shape);

/// One block: coefficients [rows, 3], basis [3, 3].
struct ExchangeFit {
  std::vector<double> coefficients;  // after the last least squares, sparsified, not rounded
  std::vector<double> basis;
  int iterations = 0;
  std::vector<double>
      residuals;  // ||A - C B||_F after every least-squares step (basis, coefficients, basis, ...)
};

/// The alternation from B = I: round C to powers of two, fit B, fit C, drop small coefficients and
/// rows.
ExchangeFit fit_exchange(std::span<const double> block, const ExchangeCard& card);

/// B that fits `block` best for given coefficients.
std::vector<double> fit_basis(std::span<const double> block, std::span<const double> coefficients);

}  // namespace lightloom::nn

#include "nn/weights/exchange/exchange_blocks.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "nn/weights/source/power_of_two.hpp"

namespace lightloom::nn {
namespace {

constexpr int most_rows = 192;          // 64 input channels of three kernel rows
constexpr double largest_power = 32.0;  // the reference implementation's clip

using Block = Eigen::Matrix<double, Eigen::Dynamic, 3, Eigen::RowMajor>;
using Basis = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;

int equal_parts(int rows) {
  const int parts = (rows + most_rows - 1) / most_rows;
  return (rows + parts - 1) / parts;
}

/// The largest product of the last prime factors (ascending) that is not above the limit; two
/// published presets.
int kernel_block(int rows) {
  if (rows == 1638) return 171;
  if (rows == 8364) return 204;
  std::vector<int> primes;
  for (int rest = rows, prime = 2; rest > 1; ++prime)
    for (; rest % prime == 0; rest /= prime) primes.push_back(prime);
  int product = 1;
  for (auto prime = primes.rbegin(); prime != primes.rend() && product * *prime <= most_rows;
       ++prime)
    product *= *prime;
  return product > 1 ? product : equal_parts(rows);
}

double round_power(double value) {
  if (value == 0) return 0;
  const float magnitude = static_cast<float>(std::min(std::abs(value), largest_power));
  return std::copysign(std::ldexp(1.0, nearest_exponent(magnitude)), value);
}

Block rounded(const Block& coefficients) {
  return coefficients.unaryExpr([](double value) { return round_power(value); });
}

Basis pseudo_inverse(const Basis& gram) {
  return gram.completeOrthogonalDecomposition().pseudoInverse();
}

Basis least_squares_basis(const Block& a, const Block& c) {
  const Basis gram = c.transpose() * c;
  return pseudo_inverse(gram) * (c.transpose() * a);
}

Block least_squares_coefficients(const Block& a, const Basis& b) {
  const Basis gram = b * b.transpose();
  return a * b.transpose() * pseudo_inverse(gram);
}

void sparsify(const ExchangeCard& card, Block& c) {
  for (Eigen::Index i = 0; i < c.rows(); ++i) {
    if (c.row(i).cwiseAbs().sum() < card.row_theta) c.row(i).setZero();
    for (Eigen::Index j = 0; j < 3; ++j)
      if (std::abs(c(i, j)) < card.theta) c(i, j) = 0;
  }
}

Block view(std::span<const double> block) {
  return Eigen::Map<const Block>(block.data(), static_cast<Eigen::Index>(block.size()) / 3, 3);
}

template <class Matrix>
std::vector<double> values(const Matrix& matrix) {
  return {matrix.data(), matrix.data() + matrix.size()};
}

}  // namespace

int ExchangeShape::rows() const { return std::accumulate(block_rows.begin(), block_rows.end(), 0); }

int ExchangeShape::blocks() const { return units * static_cast<int>(block_rows.size()); }

bool exchangeable(const LayerShape& shape) {
  if (shape.groups != 1) return false;
  const bool square = shape.kernel_height == 3 && shape.kernel_width == 3;
  return square || (shape.kernel_area() == 1 && shape.in_channels > 6);
}

ExchangeShape exchange_shape(const LayerShape& shape) {
  ExchangeShape blocks{.units = shape.out_channels,
                       .words = shape.in_channels * shape.kernel_area()};
  const int rows = (blocks.words + 2) / 3;
  const bool vector = shape.kernel_area() == 1;
  const int size = vector ? equal_parts(rows) : kernel_block(rows);
  for (int at = 0; at < rows; at += size)
    blocks.block_rows.push_back(vector ? size : std::min(size, rows - at));
  return blocks;
}

std::vector<double> fit_basis(std::span<const double> block, std::span<const double> coefficients) {
  return values(least_squares_basis(view(block), view(coefficients)));
}

ExchangeFit fit_exchange(std::span<const double> block, const ExchangeCard& card) {
  const Block a = view(block);
  Block c = a, before = Block::Zero(a.rows(), 3);
  Basis b = Basis::Identity();
  ExchangeFit fit;
  for (int i = 1; i < card.iterations; ++i) {
    const Block power = rounded(c);
    if ((power - before).norm() <= card.tolerance) break;
    before = power;
    b = least_squares_basis(a, power);
    fit.residuals.push_back((a - power * b).norm());
    c = least_squares_coefficients(a, b);
    fit.residuals.push_back((a - c * b).norm());
    sparsify(card, c);
    ++fit.iterations;
  }
  b = least_squares_basis(a, rounded(c));
  fit.coefficients = values(c);
  fit.basis = values(b);
  return fit;
}

}  // namespace lightloom::nn

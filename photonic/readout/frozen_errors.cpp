#include "photonic/readout/frozen_errors.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "core/dense/symmetric_eigen.hpp"
#include "core/random/random.hpp"

namespace lightloom::photonic {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstRows = Eigen::Map<const RowMatrix>;

/// Below this share of the largest variance a direction counts as one in which nothing was
/// expected.
constexpr double least_variance = 1e-12;

/// What was expected, along its principal directions (columns), by rising variance.
struct Directions {
  Eigen::MatrixXd vectors;
  Eigen::VectorXd sd;
};
Directions directions_of(std::span<const double> covariance, int outputs) {
  SymmetricEigen eigen = symmetric_eigen(ConstRows(covariance.data(), outputs, outputs));
  Directions directions{std::move(eigen.vectors), std::move(eigen.values)};
  const double least = least_variance * directions.sd.tail(1)(0);
  directions.sd = (directions.sd.array() > least).select(directions.sd, 0).cwiseSqrt();
  return directions;
}

/// Gain of the regression of every output on what was expected of it alone.
Eigen::VectorXd lone_gains(const ProductErrors& errors) {
  const ConstRows mixing(errors.mixing.data(), errors.outputs, errors.outputs);
  const ConstRows covariance(errors.covariance.data(), errors.outputs, errors.outputs);
  return (mixing * covariance).diagonal().cwiseQuotient(covariance.diagonal());
}

/// (outputs, directions): what is mixed into every output, per unit variance of a direction.
Eigen::MatrixXd mixed_in(const ProductErrors& errors, const Directions& directions) {
  RowMatrix rest = ConstRows(errors.mixing.data(), errors.outputs, errors.outputs);
  rest.diagonal() -= lone_gains(errors);
  return rest * directions.vectors * directions.sd.asDiagonal();
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double variance_of(std::span<const double> values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double x : values) sum += (x - mean) * (x - mean);
  return sum / static_cast<double>(std::max<std::size_t>(1, values.size() - 1));
}

/// Standard deviation of the logarithms of `values`, rid of `own` variance; zeros are left out.
double log_spread(std::span<const double> values, double own) {
  std::vector<double> logs;
  for (const double x : values)
    if (x > 0) logs.push_back(std::log(x));
  return logs.size() < 2 ? 0.0 : std::sqrt(std::max(0.0, variance_of(logs) - own));
}

double root_mean_square(std::span<const double> values) {
  double sum = 0;
  for (const double x : values) sum += x * x;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

void add_mixing(const ProductErrors& errors, ProductErrorLaw& law) {
  const Directions directions = directions_of(errors.covariance, errors.outputs);
  const Eigen::MatrixXd mixed = mixed_in(errors, directions);
  const ConstRows covariance(errors.covariance.data(), errors.outputs, errors.outputs);
  const double n = errors.outputs;
  std::vector<double> shares;
  double square = 0;
  for (Eigen::Index r = 0; r < errors.outputs; ++r) {
    const double sigma = errors.noise_sigma[static_cast<std::size_t>(r)];
    const double fitted = errors.vectors > 0 ? sigma * sigma * (n - 1) / errors.vectors : 0.0;
    const double own = std::max(0.0, mixed.row(r).squaredNorm() - fitted);
    // A drawn output has an n-th of its share along what is expected of it: in its gain.
    square += own / covariance(r, r) / n * (n > 1 ? n / (n - 1) : 1.0);
    shares.push_back(std::sqrt(own / covariance(r, r)));
  }
  law.mixing_share = std::sqrt(square);
  law.mixing_spread = log_spread(shares, 1 / (2 * n));
  const Eigen::VectorXd gains = lone_gains(errors);
  const std::span all(gains.data(), static_cast<std::size_t>(gains.size()));
  law.gain_mean = mean_of(all);
  const double drawn = law.frozen == FrozenErrorOf::weights ? square / n : 0.0;
  law.gain_sd = std::sqrt(std::max(0.0, variance_of(all) - drawn));
}

/// Offset of every output, mean over a period.
std::vector<double> mean_offsets(const ProductErrors& errors) {
  std::vector<double> means(static_cast<std::size_t>(errors.outputs), 0.0);
  for (std::size_t k = 0; k < errors.offset.size(); ++k)
    means[k % means.size()] += errors.offset[k] / errors.period;
  return means;
}

void add_offsets(const ProductErrors& errors, ProductErrorLaw& law) {
  const std::vector<double> means = mean_offsets(errors);
  law.offset_mean = mean_of(means);
  law.offset_sd = std::sqrt(variance_of(means));
  law.period = errors.period;
  if (errors.period == 1) return;
  const double n = errors.outputs, p = errors.period;
  double all = 0, common = 0;
  for (std::size_t t = 0; t < static_cast<std::size_t>(errors.period); ++t) {
    double sum = 0;
    for (std::size_t r = 0; r < means.size(); ++r) {
      const double own = errors.offset[t * means.size() + r] - means[r];
      all += own * own / (n * p);
      sum += own;
    }
    common += sum / n * (sum / n) / p;
  }
  law.periodic_sd = std::sqrt(all);
  // The mean of n outputs has an n-th of what they do not have in common.
  if (all > 0 && n > 1)
    law.periodic_common = std::clamp((n * common / all - 1) / (n - 1), 0.0, 1.0);
}

/// What is drawn: the shot of its numbers.
namespace drawn {
enum : std::uint64_t { gain, mixing_row, cell, offset, periodic, periodic_all, noise };
}

/// A factor of log-normal spread whose mean square is 1.
double spread_factor(double spread, double normal) {
  return std::exp(spread * normal - spread * spread);
}

std::uint64_t place(std::size_t first, std::size_t second) {
  return std::uint64_t{first} << 32 | second;
}

void draw_mixing(const ProductErrorLaw& law, const Stream& stream, FrozenErrors& frozen) {
  const auto inputs = static_cast<std::size_t>(frozen.inputs);
  for (std::size_t r = 0; r < frozen.gain.size(); ++r) {
    frozen.gain[r] = law.gain_mean + law.gain_sd * stream.normal(r, drawn::gain);
    const double share =
        law.mixing_share * spread_factor(law.mixing_spread, stream.normal(r, drawn::mixing_row));
    if (share > 0)
      for (std::size_t c = 0; c < inputs; ++c)
        frozen.cells[r * inputs + c] = share * stream.normal(place(r, c), drawn::cell);
  }
}

/// Offsets by phase have no mean over a period, and the law's standard deviation over it.
void draw_offsets(const ProductErrorLaw& law, const Stream& stream, FrozenErrors& frozen) {
  const auto outputs = frozen.gain.size(), period = static_cast<std::size_t>(law.period);
  const double p = law.period, of_mean = p > 1 ? std::sqrt(p / (p - 1)) : 0.0;
  const double together = std::sqrt(law.periodic_common),
               apart = std::sqrt(1 - law.periodic_common);
  std::vector<double> phases(period);
  for (std::size_t r = 0; r < outputs; ++r) {
    const double own = law.offset_mean + law.offset_sd * stream.normal(r, drawn::offset);
    for (std::size_t t = 0; t < period; ++t)
      phases[t] = together * stream.normal(t, drawn::periodic_all) +
                  apart * stream.normal(place(r, t), drawn::periodic);
    const double mean = mean_of(phases);
    for (std::size_t t = 0; t < period; ++t)
      frozen.offset[t * outputs + r] =
          (own + law.periodic_sd * of_mean * (phases[t] - mean)) / law.full_scale;
  }
}

}  // namespace

double frozen_slope(const ProductErrors& errors) {
  const Directions directions = directions_of(errors.covariance, errors.outputs);
  const Eigen::VectorXd energy = mixed_in(errors, directions).colwise().squaredNorm().transpose();
  std::vector<double> x, y;
  for (Eigen::Index k = 0; k < energy.size(); ++k)
    if (energy(k) > 0) {
      x.push_back(2 * std::log(directions.sd(k)));
      y.push_back(std::log(energy(k)));
    }
  if (x.size() < 2) return 0;
  const double x_mean = mean_of(x), y_mean = mean_of(y);
  double along = 0, square = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    along += (x[k] - x_mean) * (y[k] - y_mean);
    square += (x[k] - x_mean) * (x[k] - x_mean);
  }
  constexpr double alike = 1e-6;
  return square > alike * static_cast<double>(x.size()) ? along / square : 0.0;
}

FrozenErrors frozen_errors(const ProductErrors& errors, FrozenErrorOf of) {
  check_product_errors(errors, "the errors of products");
  const int n = errors.outputs;
  FrozenErrors frozen{.of = of, .outputs = n, .inputs = n, .period = errors.period};
  RowMatrix cells = ConstRows(errors.mixing.data(), n, n);
  Eigen::VectorXd gains = cells.diagonal();
  if (of == FrozenErrorOf::weights) {
    gains = lone_gains(errors);
    const ConstRows covariance(errors.covariance.data(), n, n);
    cells = covariance.diagonal().cwiseSqrt().cwiseInverse().asDiagonal() *
            mixed_in(errors, directions_of(errors.covariance, n));
  } else {
    cells.diagonal().setZero();
  }
  cells *= std::sqrt(static_cast<double>(n));
  frozen.gain.assign(gains.begin(), gains.end());
  frozen.cells.assign(cells.data(), cells.data() + cells.size());
  frozen.offset = errors.offset;
  frozen.noise_sigma = errors.noise_sigma;
  for (double& x : frozen.offset) x /= errors.full_scale;
  for (double& x : frozen.noise_sigma) x /= errors.full_scale;
  frozen.noise_common = errors.noise_common;
  return frozen;
}

ProductErrors product_errors(const FrozenErrors& frozen, std::span<const double> covariance,
                             double full_scale) {
  const int n = frozen.outputs;
  assert(frozen.inputs == n && covariance.size() == frozen.cells.size());
  RowMatrix mixing = ConstRows(frozen.cells.data(), n, n) / std::sqrt(static_cast<double>(n));
  if (frozen.of == FrozenErrorOf::weights) {
    const Directions directions = directions_of(covariance, n);
    const Eigen::VectorXd inverse =
        (directions.sd.array() > 0).select(directions.sd.cwiseInverse(), 0.0);
    const ConstRows expected(covariance.data(), n, n);
    mixing = expected.diagonal().cwiseSqrt().asDiagonal() * mixing * inverse.asDiagonal() *
             directions.vectors.transpose();
  }
  for (int r = 0; r < n; ++r) mixing(r, r) += frozen.gain[static_cast<std::size_t>(r)];
  ProductErrors errors{.outputs = n, .period = frozen.period, .full_scale = full_scale};
  errors.mixing.assign(mixing.data(), mixing.data() + mixing.size());
  errors.offset = frozen.offset;
  errors.noise_sigma = frozen.noise_sigma;
  for (double& x : errors.offset) x *= full_scale;
  for (double& x : errors.noise_sigma) x *= full_scale;
  errors.covariance.assign(covariance.begin(), covariance.end());
  errors.noise_common = frozen.noise_common;
  return errors;
}

ProductErrorLaw error_law(const ProductErrors& errors) {
  check_product_errors(errors, "the errors of products");
  ProductErrorLaw law;
  law.frozen = frozen_slope(errors) > 0.5 ? FrozenErrorOf::outputs : FrozenErrorOf::weights;
  law.full_scale = errors.full_scale;
  add_mixing(errors, law);
  add_offsets(errors, law);
  law.noise_sigma = root_mean_square(errors.noise_sigma);
  const double own = errors.vectors > 0 ? 0.5 / errors.vectors : 0.0;
  law.noise_spread = log_spread(errors.noise_sigma, own);
  law.noise_common = errors.noise_common;
  return law;
}

FrozenErrors draw_frozen_errors(const ProductErrorLaw& law, const ErrorDraw& draw) {
  const Stream stream({.seed = draw.seed, .purpose = Purpose::product_errors, .chip = draw.chip});
  FrozenErrors frozen{.of = law.frozen,
                      .outputs = draw.outputs,
                      .inputs = law.frozen == FrozenErrorOf::outputs ? draw.outputs : draw.inputs,
                      .period = law.period};
  const auto outputs = static_cast<std::size_t>(frozen.outputs);
  frozen.gain.resize(outputs);
  frozen.cells.assign(outputs * static_cast<std::size_t>(frozen.inputs), 0.0);
  frozen.offset.resize(outputs * static_cast<std::size_t>(law.period));
  frozen.noise_sigma.resize(outputs);
  draw_mixing(law, stream, frozen);
  if (law.frozen == FrozenErrorOf::outputs)
    for (std::size_t r = 0; r < outputs; ++r) frozen.cells[r * outputs + r] = 0;
  draw_offsets(law, stream, frozen);
  for (std::size_t r = 0; r < outputs; ++r)
    frozen.noise_sigma[r] = law.noise_sigma / law.full_scale *
                            spread_factor(law.noise_spread, stream.normal(r, drawn::noise));
  frozen.noise_common = law.noise_common;
  return frozen;
}

}  // namespace lightloom::photonic

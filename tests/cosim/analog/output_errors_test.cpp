#include "cosim/analog/output_errors.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <Eigen/Dense>
#include <cmath>

#include "core/random/random.hpp"
#include "cosim/analog/analog_engine.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/readout/frozen_errors.hpp"

namespace lightloom::cosim::output_errors_tests {
namespace {

constexpr int size = 24, vectors = 4000, period = 4;

photonic::CoreCard measured_card(const std::string& keys) {
  return read_card<photonic::CoreCard>(parse_yaml(
      "{kind: ideal, rows: 24, columns: 24, measured: {chip: drawn, " + keys + "}}", "card.yaml"));
}

nn::LayerShape linear() { return {.name = "linear", .in_channels = size, .out_channels = size}; }

std::vector<float> normals(std::size_t count, std::uint64_t seed) {
  std::vector<float> values(count);
  fill_normal(Stream({.seed = seed}), 0, values);
  return values;
}

/// Products of one chip: (vectors, outputs).
struct Products {
  Eigen::MatrixXd expected, observed;
  photonic::FrozenErrors frozen;
  double largest = 0;
};

using Rows =
    Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

Products products_of(const photonic::CoreCard& card, std::uint32_t chip) {
  const auto weights = normals(size * size, 7), inputs = normals(vectors * size, 8);
  const auto core = photonic::make_core(card);
  AnalogEngine engine(*core, 3, chip);
  engine.load(0, linear(), weights, 0);
  std::vector<float> outputs(vectors * size);
  engine.multiply(0, {inputs, vectors, 0}, outputs);
  Products products;
  products.expected = Rows(inputs.data(), vectors, size).cast<double>() *
                      Rows(weights.data(), size, size).cast<double>().transpose();
  products.observed = Rows(outputs.data(), vectors, size).cast<double>();
  for (const float w : weights) products.largest = std::max(products.largest, std::abs(double{w}));
  products.frozen = photonic::draw_frozen_errors(
      card.measured.law, {.seed = 3, .chip = chip, .outputs = size, .inputs = size});
  return products;
}

/// Variance per degree of freedom that least squares leave of the outputs.
double left(const Eigen::MatrixXd& design, const Eigen::MatrixXd& observed) {
  const Eigen::MatrixXd fit = design * design.colPivHouseholderQr().solve(observed);
  return (observed - fit).squaredNorm() / static_cast<double>(observed.cols()) /
         static_cast<double>(observed.rows() - design.cols());
}

/// Ones, or one column for each phase.
Eigen::MatrixXd offsets(bool by_phase) {
  Eigen::MatrixXd columns = Eigen::MatrixXd::Ones(vectors, 1);
  if (!by_phase) return columns;
  columns = Eigen::MatrixXd::Zero(vectors, period);
  for (int t = 0; t < vectors; ++t) columns(t, t % period) = 1;
  return columns;
}

Eigen::MatrixXd beside(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  Eigen::MatrixXd both(a.rows(), a.cols() + b.cols());
  both << a, b;
  return both;
}

/// Mean over outputs of what a model with a gain of each output's own product leaves.
double left_of_gains(const Products& p, bool by_phase) {
  double sum = 0;
  for (int r = 0; r < size; ++r)
    sum += left(beside(p.expected.col(r), offsets(by_phase)), p.observed.col(r)) / size;
  return sum;
}

TEST(OutputErrors, ADrawnChipLeavesWhatItsErrorsAddUpToOfTheFourModels) {
  const std::string law =
      "full_scale: 2.5, gain_mean: 0.84, gain_sd: 0.05, mixing_share: 0.17, mixing_spread: 0.4, "
      "offset_mean: 0.2, offset_sd: 0.5, period: 4, periodic_sd: 0.7, periodic_common: 0.8, "
      "noise_sigma: 0.9, noise_spread: 0.2";
  const Products p = products_of(measured_card(law), 2);
  // A full-scale product of this core is its largest weight; the law counts 2.5 to one.
  const double unit = p.largest, n = size;
  double noise = 0, periodic = 0, mixed = 0;
  const Eigen::MatrixXd weights = Rows(normals(size * size, 7).data(), size, size).cast<double>();
  for (int r = 0; r < size; ++r) {
    const auto k = static_cast<std::size_t>(r);
    noise += std::pow(unit * p.frozen.noise_sigma[k], 2) / n;
    double mean = 0;
    for (std::size_t t = 0; t < period; ++t) mean += p.frozen.offset[t * size + k] / period;
    for (std::size_t t = 0; t < period; ++t)
      periodic += std::pow(unit * (p.frozen.offset[t * size + k] - mean), 2) / (n * period);
    // Inputs of unit variance: the cells' part that is not along the row of weights.
    const Eigen::Map<const Eigen::VectorXd> cells(p.frozen.cells.data() + r * size, size);
    const Eigen::VectorXd row = weights.row(r).transpose();
    const double s = row.norm() / std::sqrt(n), along = cells.dot(row) / row.norm();
    mixed += s * s * (cells.squaredNorm() - along * along) / n;
  }
  EXPECT_NEAR(std::sqrt(noise), 0.9 * unit / 2.5, 0.3);  // of this chip's 24 outputs
  // A variance of T vectors and n outputs is known to sqrt(2 / (T n)); what inputs mix in counts
  // the same vectors, whose own variance is known to sqrt(2 / T).
  const double sure = 4 * std::sqrt(2.0 / (vectors * n)), inputs = 4 * std::sqrt(2.0 / vectors);
  const Eigen::MatrixXd all = beside(p.expected, offsets(false));
  EXPECT_NEAR(left(beside(p.expected, offsets(true)), p.observed), noise, sure * noise);
  EXPECT_NEAR(left(all, p.observed), noise + periodic, sure * (noise + periodic) + 0.02 * periodic);
  EXPECT_NEAR(left_of_gains(p, true), noise + mixed, sure * noise + inputs * mixed);
  EXPECT_NEAR(left_of_gains(p, false), noise + mixed + periodic,
              sure * (noise + periodic) + inputs * mixed + 0.02 * periodic);
}

TEST(OutputErrors, NoiseHasItsShareInCommon) {
  const Products p = products_of(measured_card("noise_sigma: 0.5, noise_common: 0.3"), 0);
  const Eigen::MatrixXd noise = (p.observed - p.expected) / p.largest;
  const double own = noise.squaredNorm() / (vectors * size), n = size;
  const double of_means = noise.rowwise().mean().squaredNorm() / vectors;
  EXPECT_NEAR(own, 0.25, 4 * 0.25 * std::sqrt(2.0 / vectors * (0.3 * 0.3 + 1 / n)));
  EXPECT_NEAR(of_means, 0.25 * (0.3 + 0.7 / n), 4 * std::sqrt(2.0 / vectors) * of_means);
}

TEST(OutputErrors, OutputsMixWhereTheLawSaysSo) {
  const Products p = products_of(
      measured_card("frozen: outputs, mixing_share: 0.2, mixing_spread: 0.1, gain_mean: 0.9"), 0);
  const photonic::ProductErrors errors = photonic::product_errors(
      p.frozen, std::vector<double>(static_cast<std::size_t>(size) * size, 1.0), 1);
  const Eigen::Map<const Eigen::Matrix<double, size, size, Eigen::RowMajor>> mixing(
      errors.mixing.data());
  const Eigen::MatrixXd mixed = p.expected * mixing.transpose();
  // 24 products of single precision each way.
  EXPECT_LT((mixed - p.observed).cwiseAbs().maxCoeff(), 48 * 0x1p-23 * 30);
}

TEST(OutputErrors, PhasesGoOnOverImagesAndPassesWhateverTheBatch) {
  const photonic::CoreCard card =
      measured_card("period: 5, periodic_sd: 1, noise_sigma: 0.5, noise_common: 0.5");
  const auto core = photonic::make_core(card);
  nn::LayerShape shape = linear();
  shape.in_height = shape.out_height = 1;
  shape.in_width = shape.out_width = 3;  // three positions an image
  AnalogEngine engine(*core, 3, 1);
  const auto weights = normals(size * size, 7), inputs = normals(7 * 3 * size, 8);
  engine.load(0, shape, weights, 0);
  std::vector<float> together(7 * 3 * size), apart(together.size());
  const int before = omp_get_max_threads();
  omp_set_num_threads(3);
  engine.multiply(0, {inputs, 7, 100}, together);
  omp_set_num_threads(1);
  for (std::size_t i = 0; i < 7; ++i)
    engine.multiply(0, {std::span(inputs).subspan(i * 3 * size, 3 * size), 1, 100 + i},
                    std::span(apart).subspan(i * 3 * size, 3 * size));
  omp_set_num_threads(before);
  EXPECT_EQ(together, apart);
}

TEST(OutputErrors, TheOffsetIsThatOfTheVectorsNumberOnTheTile) {
  const photonic::CoreCard card = measured_card("period: 5, periodic_sd: 1, offset_sd: 1");
  const auto core = photonic::make_core(card);
  nn::LayerShape shape = linear();
  shape.in_width = shape.out_width = 3;
  AnalogEngine engine(*core, 3, 1);
  auto weights = normals(size * size, 7);
  weights[0] = 8;  // the largest: a full-scale product
  engine.load(0, shape, weights, 0);
  const std::vector<float> inputs(2 * 3 * size, 0.0F);
  std::vector<float> outputs(inputs.size());
  engine.multiply(0, {inputs, 2, 11}, outputs);
  const photonic::OutputErrors errors = core->output_errors(3, 1);
  for (std::size_t v = 0; v < 6; ++v)
    for (std::size_t r = 0; r < size; ++r)
      EXPECT_NEAR(outputs[v * size + r], 8 * errors.offset[(11 * 3 + v) % 5 * size + r], 1e-5);
}

TEST(OutputErrors, TheSecondPassOfAnImageFollowsTheFirst) {
  const auto core = photonic::make_core(read_card<photonic::CoreCard>(
      parse_yaml("{kind: incoherent-crossbar, rows: 24, columns: 24, crossbar: {signs: two_pass, "
                 "weight_bits: 0}, measured: {chip: drawn, period: 5, periodic_sd: 1}}",
                 "card.yaml")));
  nn::LayerShape shape = linear();
  shape.in_width = shape.out_width = 3;
  AnalogEngine engine(*core, 3, 1);
  auto weights = normals(size * size, 7);
  weights[0] = 8;
  engine.load(0, shape, weights, 0);
  std::vector<float> inputs(2 * 3 * size, 0.0F), outputs(inputs.size());
  inputs[0] = -2;  // both signs, a full scale of two
  engine.begin_calibration();
  engine.multiply(0, {inputs, 2, 0}, outputs);
  engine.end_calibration();
  inputs[0] = 0;
  engine.multiply(0, {inputs, 2, 11}, outputs);
  const photonic::OutputErrors errors = core->output_errors(3, 1);
  for (std::size_t v = 0; v < 6; ++v)
    for (std::size_t r = 0; r < size; ++r) {
      const std::size_t first = (11 + v / 3) * 2 * 3 + v % 3;  // of two passes of three positions
      const double apart =
          errors.offset[first % 5 * size + r] - errors.offset[(first + 3) % 5 * size + r];
      EXPECT_NEAR(outputs[v * size + r], 8 * 2 * apart, 1e-5);
    }
}

TEST(OutputErrors, ACardWithoutThemDrawsNothing) {
  const auto core = photonic::make_core(
      read_card<photonic::CoreCard>(parse_yaml("{kind: ideal, rows: 24, columns: 24}", "c.yaml")));
  EXPECT_FALSE(core->output_errors(1, 2).any());
  const Products none = products_of(
      read_card<photonic::CoreCard>(
          parse_yaml("{kind: ideal, rows: 24, columns: 24, measured: {chip: none, noise_sigma: 1}}",
                     "c.yaml")),
      0);
  EXPECT_LT((none.expected - none.observed).cwiseAbs().maxCoeff(), 1e-4);
}

}  // namespace
}  // namespace lightloom::cosim::output_errors_tests

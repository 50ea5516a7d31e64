#include "cosim/generator/bank_product.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace lightloom::cosim {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using View = Eigen::Map<const Matrix>;

/// Seed of everything random about one bank of a level.
std::uint64_t bank_seed(const WeightWrite& write, int level, int bank) {
  const Stream seeds({.seed = write.address.seed, .purpose = Purpose::generator_bank});
  const auto words =
      seeds.bits(static_cast<std::uint64_t>(level), static_cast<std::uint64_t>(bank));
  return (std::uint64_t{words[0]} << 32) | words[1];
}

}  // namespace

/// A part of the coefficients in one bank, and what is sent through it, in units of the bank.
struct BankProduct::Tile {
  int first_row = 0, first_column = 0, rows = 0, columns = 0;  // that are used
  std::size_t bank = 0;
  std::uint32_t number = 0;
  float scale = 1;         // coefficient of a weight of 1
  Matrix weights;          // (rows, columns) used
  Matrix variance, light;  // of their cells; empty: none, all the light
  Matrix sent;             // (columns, positions), full scale 1
};

BankProduct::BankProduct(const GeneratorBank& bank, int level, const WeightWrite& write,
                         Converters converters)
    : core_(photonic::make_core(bank.core)), write_(write), converters_(converters) {
  for (int k = 0; k < bank.replicas; ++k) seeds_.push_back(bank_seed(write, level, k));
}

float BankProduct::largest_reading(const BankOperands& operands) const {
  const int step = core_->description().columns;
  const View coefficients(operands.coefficients.data(), operands.rows, operands.inner);
  const View inputs(operands.inputs.data(), operands.inner, operands.positions);
  float largest = 0;
  for (int first = 0; first < operands.inner; first += step) {
    const int count = std::min(step, operands.inner - first);
    const Matrix readings = coefficients.middleCols(first, count) * inputs.middleRows(first, count);
    largest = std::max(largest, readings.cwiseAbs().maxCoeff());
  }
  return largest;
}

StreamAddress BankProduct::address(const Tile& tile, Purpose purpose) const {
  return {.seed = seeds_[tile.bank],
          .purpose = purpose,
          .chip = write_.address.chip,
          .layer = write_.address.layer,
          .tile = tile.number};
}

void BankProduct::realise(const BankOperands& operands, Tile& tile) const {
  const photonic::CoreDescription& core = core_->description();
  Matrix targets = Matrix::Zero(core.rows, core.columns), realised = targets;
  targets.topLeftCorner(tile.rows, tile.columns) =
      View(operands.coefficients.data(), operands.rows, operands.inner)
          .block(tile.first_row, tile.first_column, tile.rows, tile.columns);
  const auto size = static_cast<std::size_t>(targets.size());
  const photonic::TileAddress place{.seed = seeds_[tile.bank],
                                    .chip = write_.address.chip,
                                    .layer = write_.address.layer,
                                    .tile = tile.number,
                                    .write = static_cast<std::uint32_t>(write_.number)};
  core_->realise({targets.data(), size}, place, {realised.data(), size}, {&tile.scale, 1});
  tile.weights = realised.topLeftCorner(tile.rows, tile.columns) / tile.scale;
  if (!core.noisy_cells) return;
  Matrix variance(core.rows, core.columns), light(core.rows, core.columns);
  core_->cell_noise({targets.data(), size}, place, {{variance.data(), size}, {light.data(), size}});
  tile.variance = variance.topLeftCorner(tile.rows, tile.columns) / (tile.scale * tile.scale);
  tile.light = light.topLeftCorner(tile.rows, tile.columns);
}

/// x as (1 + x) / 2, through the DAC of its column, above the light of a code 0.
void BankProduct::send(const BankOperands& operands, const BankRange& range, Tile& tile) const {
  const photonic::CoreDescription& core = core_->description();
  tile.sent = (View(operands.inputs.data(), operands.inner, operands.positions)
                       .middleRows(tile.first_column, tile.columns)
                       .array() /
                   (2 * range.input) +
               0.5F)
                  .max(0.0F)
                  .min(1.0F)
                  .matrix();
  const photonic::Converter& dac = core.input_dac;
  if (converters_.dac && dac.bits > 0) {
    const auto steps = static_cast<float>(std::exp2(dac.bits) - 1);
    const auto curves =
        photonic::draw_curves(dac, photonic::dac_address(seeds_[tile.bank], write_.address.chip),
                              static_cast<std::size_t>(core.columns));
    for (Eigen::Index c = 0; c < tile.columns; ++c)
      for (Eigen::Index p = 0; p < operands.positions; ++p) {
        float level = std::nearbyint(tile.sent(c, p) * steps);
        if (!curves.empty())
          level += static_cast<float>(photonic::curve_error_lsb(curves[static_cast<std::size_t>(c)],
                                                                level, 2 * level / steps - 1));
        tile.sent(c, p) = level / steps;
      }
  }
  tile.sent.array() += static_cast<float>(core.noise.dark);
}

void BankProduct::read(const Tile& tile, const BankRange& range,
                       std::vector<float>& readings) const {
  const photonic::ReadoutNoise& noise = core_->description().noise;
  const Eigen::Index positions = tile.sent.cols();
  const Matrix read = tile.weights * tile.sent;
  // The constant that a bias takes off is that of the weights as they are.
  const Eigen::VectorXf constant =
      tile.weights.rowwise().sum() * (0.5F + static_cast<float>(noise.dark));
  Matrix light = tile.sent.colwise().sum(), cells;
  if (tile.light.size() > 0) {
    light = tile.light * tile.sent;
    cells = tile.variance * tile.sent.array().square().matrix();
  }
  readings.resize(static_cast<std::size_t>(tile.rows * positions));
  fill_normal(Stream(address(tile, Purpose::generator_readout)), write_.number, readings);
  std::vector<float> laser(static_cast<std::size_t>(positions));
  if (noise.relative > 0) fill_normal(Stream(address(tile, Purpose::laser)), write_.number, laser);
  const auto additive = static_cast<float>(noise.additive * noise.additive),
             shot = static_cast<float>(noise.shot * noise.shot),
             relative = static_cast<float>(noise.relative), leak = static_cast<float>(noise.leak);
  const float unit = 2 * tile.scale * range.input;
  for (Eigen::Index r = 0; r < tile.rows; ++r)
    for (Eigen::Index p = 0; p < positions; ++p) {
      float& reading = readings[static_cast<std::size_t>(r * positions + p)];
      const float power = light(light.rows() > 1 ? r : 0, p);
      const float variance = additive + shot * (power + std::abs(constant(r))) +
                             (cells.size() > 0 ? cells(r, p) : 0.0F);
      const float common =
          relative * laser[static_cast<std::size_t>(p)] * (read(r, p) + leak * power);
      reading = unit * (read(r, p) - constant(r) + common + std::sqrt(variance) * reading);
    }
}

/// Rounds readings to the 2^bits - 1 levels of the ADC of their row.
void BankProduct::convert(const Tile& tile, const BankRange& range,
                          std::vector<float>& readings) const {
  const photonic::CoreDescription& core = core_->description();
  const photonic::Converter& adc = core.output_adc;
  if (!converters_.adc || adc.bits == 0 || range.output == 0) return;
  const auto curves =
      photonic::draw_curves(adc, photonic::adc_address(seeds_[tile.bank], write_.address.chip),
                            static_cast<std::size_t>(core.rows));
  std::vector<float> noise(adc.noise_lsb > 0 ? readings.size() : 0);
  fill_normal(Stream(address(tile, Purpose::converter)), write_.number, noise);
  const float most = adc.bits > 1 ? std::exp2(static_cast<float>(adc.bits - 1)) - 1 : 1;
  const std::size_t positions = readings.size() / static_cast<std::size_t>(tile.rows);
  for (std::size_t i = 0; i < readings.size(); ++i) {
    float level = readings[i] / range.output * most;
    if (!curves.empty())
      level += static_cast<float>(photonic::curve_error_lsb(curves[i / positions], level,
                                                            std::clamp(level / most, -1.0F, 1.0F)));
    if (!noise.empty()) level += static_cast<float>(adc.noise_lsb) * noise[i];
    readings[i] = std::clamp(std::nearbyint(level), -most, most) / most * range.output;
  }
}

void BankProduct::add(const BankOperands& operands, const BankRange& range,
                      std::span<float> outputs) const {
  const photonic::CoreDescription& core = core_->description();
  const auto down = static_cast<int>(divide_up(operands.rows, core.rows)),
             across = static_cast<int>(divide_up(operands.inner, core.columns));
  std::vector<float> readings;
  for (int a = 0; a < across; ++a)
    for (int d = 0; d < down; ++d) {
      Tile tile{.first_row = d * core.rows, .first_column = a * core.columns};
      tile.rows = std::min(core.rows, operands.rows - tile.first_row);
      tile.columns = std::min(core.columns, operands.inner - tile.first_column);
      tile.number = static_cast<std::uint32_t>((operands.number * down + d) * across + a);
      tile.bank = tile.number % seeds_.size();
      realise(operands, tile);
      send(operands, range, tile);
      read(tile, range, readings);
      convert(tile, range, readings);
      float* out = outputs.data() + std::int64_t{tile.first_row} * operands.positions;
      for (std::size_t i = 0; i < readings.size(); ++i) out[i] += readings[i];
    }
}

}  // namespace lightloom::cosim

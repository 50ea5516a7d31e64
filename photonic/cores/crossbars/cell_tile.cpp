#include "photonic/cores/crossbars/cell_tile.hpp"

#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"
#include "photonic/cores/tiles.hpp"

namespace lightloom::photonic {
namespace {

/// Standard deviation of weights about their mean.
double deviation(std::span<const float> weights) {
  double sum = 0, squares = 0;
  for (const float w : weights) sum += w;
  const double count = static_cast<double>(weights.size()), mean = sum / count;
  for (const float w : weights) squares += (w - mean) * (w - mean);
  return std::sqrt(squares / count);
}

/// What the largest conductance stands for: the largest weight, or less where weights are clipped.
double full_scale(std::span<const float> weights, double clip_sigma) {
  const double largest = largest_weight(weights);
  if (clip_sigma == 0) return largest;
  const double clip = clip_sigma * deviation(weights);
  return clip > 0 ? std::min(largest, clip) : largest;
}

}  // namespace

/// The streams of one tile, and the sums of what its cells conducted.
struct CellWriter::Draws {
  Stream programming, drift, stuck;
  std::uint32_t write;
  Sums& sums;
  std::uint64_t place = 0;  // of the weight in the core
  Draws(const TileAddress& a, Sums& s)
      : programming({a.seed, Purpose::programming, a.chip, a.layer, a.tile}),
        drift({a.seed, Purpose::cell_drift, a.chip, a.layer, a.tile}),
        stuck({.seed = a.seed, .purpose = Purpose::stuck_device, .chip = a.chip}),
        write(a.write),
        sums(s) {}
};

CellWriter::CellWriter(const CellCard& card, int columns)
    : card_(card),
      laws_(card),
      columns_(columns),
      span_uS_(laws_.gmax_uS() - (card.idle == CellCard::Idle::off ? 0 : card.gmin_uS)) {}

double CellWriter::significance(int slice) const {
  if (card_.slices == 1) return 1;
  const double base = std::exp2(card_.level_bits);
  return std::pow(base, slice) * (base - 1) / (std::pow(base, card_.slices) - 1);
}

/// The share of its range that the cell of a slice holds for a weight of `share` of full scale.
double CellWriter::digit(double share, int slice) const {
  if (card_.level_bits == 0) return share;
  const double steps = std::exp2(card_.level_bits * card_.slices) - 1;
  const auto number = static_cast<std::uint64_t>(std::llround(share * steps));
  const std::uint64_t mask = (std::uint64_t{1} << card_.level_bits) - 1;
  return static_cast<double>(number >> (card_.level_bits * slice) & mask) /
         static_cast<double>(mask);
}

/// What a cell is told to have. Where idle cells are off, what is nearer to nothing than to gmin is
/// off too.
double CellWriter::conductance(double share) const {
  if (card_.idle == CellCard::Idle::gmin) return card_.gmin_uS + share * span_uS_;
  const double wanted = share * span_uS_;
  return 2 * wanted < card_.gmin_uS ? 0 : std::max(card_.gmin_uS, wanted);
}

CellWriter::Cell CellWriter::written(double level, std::uint64_t device, const Draws& draws,
                                     std::int64_t& stuck) const {
  const double stuck_share = card_.stuck_low_fraction + card_.stuck_high_fraction;
  if (stuck_share > 0) {
    const double fate = draws.stuck.uniform(device);
    if (fate < stuck_share) {
      ++stuck;
      const double held = fate < card_.stuck_low_fraction ? conductance(0) : laws_.gmax_uS();
      return {held, held, 0};
    }
  }
  if (level == 0 && card_.idle == CellCard::Idle::off) return {};
  double fresh = level;
  if (const double sigma = laws_.programming_sigma_uS(level); sigma > 0)
    fresh = std::max(0.0, level + sigma * draws.programming.normal(device, draws.write));
  double now = fresh;
  if (laws_.drifts()) {
    const CellLaws::Exponent nu = laws_.drift_exponent(level);
    now *= laws_.share_left(std::abs(nu.mean + nu.sigma * draws.drift.normal(device, draws.write)));
  }
  return {fresh, now, now * laws_.read_sigma(fresh)};
}

/// All cells of one weight of x full scales, |x| <= 1.
void CellWriter::write_weight(double x, std::size_t weight, const Draws& draws,
                              CellTile& tile) const {
  const auto weights = tile.value.size() / static_cast<std::size_t>(card_.slices);
  const auto slices = static_cast<std::uint64_t>(card_.slices),
             copies = static_cast<std::uint64_t>(card_.copies);
  for (std::uint64_t s = 0; s < slices; ++s) {
    const double active = conductance(digit(std::abs(x), static_cast<int>(s)));
    const double levels[] = {x < 0 ? conductance(0) : active, x < 0 ? active : conductance(0)};
    double difference = 0, variance = 0;
    for (std::uint64_t copy = 0; copy < copies; ++copy)
      for (std::uint64_t side = 0; side < 2; ++side) {
        const std::uint64_t device = ((draws.place * slices + s) * copies + copy) * 2 + side;
        const Cell cell = written(levels[side], device, draws, tile.stuck);
        difference += side == 0 ? cell.now : -cell.now;
        variance += cell.sigma * cell.sigma;
        draws.sums.fresh += cell.fresh;
        draws.sums.now += cell.now;
      }
    const double unit = span_uS_ * card_.copies;
    tile.value[s * weights + weight] = difference / unit;
    tile.variance[s * weights + weight] = variance / (unit * unit);
  }
}

std::vector<double> CellWriter::row_scales(std::span<const float> weights,
                                           const UsedPart& part) const {
  const auto rows = static_cast<std::size_t>(part.rows),
             columns = static_cast<std::size_t>(part.columns);
  if (card_.scale == CellCard::Scale::tile)
    return std::vector<double>(rows, full_scale(weights, card_.weight_clip_sigma));
  std::vector<double> scales;
  for (std::size_t r = 0; r < rows; ++r)
    scales.push_back(full_scale(weights.subspan(r * columns, columns), card_.weight_clip_sigma));
  return scales;
}

CellTile CellWriter::write(std::span<const float> weights, const UsedPart& part,
                           const TileAddress& address) const {
  const auto columns = static_cast<std::size_t>(part.columns);
  const auto slices = static_cast<std::size_t>(card_.slices);
  CellTile tile{.value = std::vector<double>(slices * weights.size()),
                .variance = std::vector<double>(slices * weights.size()),
                .scale = row_scales(weights, part)};
  Sums sums;
  Draws draws(address, sums);
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const std::size_t row = k / columns;
    const double x = weights[k] / tile.scale[row];
    draws.place = row * static_cast<std::size_t>(columns_) + k % columns;
    if (std::abs(x) > 1 + 1e-6) ++tile.clipped;
    write_weight(std::clamp(x, -1.0, 1.0), k, draws, tile);
  }
  tile.devices = static_cast<std::int64_t>(2 * slices * weights.size()) * card_.copies;
  // Readings of a reference when the tile was written and now tell by how much its outputs have to
  // be scaled up again, and their noise with them.
  if (card_.compensate_drift && laws_.drifts() && sums.now > 0)
    for (double& scale : tile.scale) scale *= sums.fresh / sums.now;
  return tile;
}

}  // namespace lightloom::photonic

#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/core_table.hpp"
#include "photonic/cores/tiles.hpp"
#include "photonic/devices/cell_laws.hpp"
#include "photonic/devices/pcm.hpp"

namespace lightloom::photonic {
namespace {

/// Crossbar of phase-change cells in differential pairs: w = T+ - T-, intensity inputs.
class PcmCore final : public TensorCore {
 public:
  explicit PcmCore(const CoreCard& card)
      : pcm_(card.own.of<PcmCard>()),
        description_(describe_core(card)),
        levels_(pcm_levels(pcm_)),
        pairs_(pcm_) {}

  [[nodiscard]] const CoreDescription& description() const override { return description_; }

  RealisationReport realise(std::span<const float> targets, TileAddress address,
                            std::span<float> realised, std::span<float> scales) const override {
    return realise_tiles(description_, {targets, address, realised, scales}, [&](const Tile& tile) {
      const WrittenTile written = write(tile.target, tile.address);
      tile.scale = static_cast<float>(written.scale);
      for (std::size_t k = 0; k < tile.target.size(); ++k)
        tile.realised[k] =
            static_cast<float>(written.scale * (written.cells[2 * k].transmission -
                                                written.cells[2 * k + 1].transmission));
      return RealisationReport{.devices = 2 * static_cast<std::int64_t>(tile.target.size()),
                               .unreachable_devices = written.stuck};
    });
  }

  void cell_noise(std::span<const float> targets, TileAddress address,
                  CellNoise noise) const override {
    const auto size = static_cast<std::size_t>(description_.rows) *
                      static_cast<std::size_t>(description_.columns);
    parallel_for(static_cast<std::ptrdiff_t>(targets.size() / size), [&](std::ptrdiff_t number) {
      const auto i = static_cast<std::size_t>(number);
      TileAddress here = address;
      here.tile += static_cast<std::uint32_t>(i);
      const WrittenTile tile = write(targets.subspan(i * size, size), here);
      for (std::size_t k = 0; k < size; ++k) {
        const Cell &plus = tile.cells[2 * k], &minus = tile.cells[2 * k + 1];
        const double sigma =
            tile.scale * std::hypot(plus.transmission * plus.relative_reading_sigma,
                                    minus.transmission * minus.relative_reading_sigma);
        if (!noise.variance.empty())
          noise.variance[i * size + k] = static_cast<float>(sigma * sigma);
        if (!noise.light.empty())
          noise.light[i * size + k] = static_cast<float>(plus.transmission + minus.transmission);
      }
    });
  }

 private:
  /// The streams of one tile. A cell has the number 2 weight + (0 plus, 1 minus).
  struct Draws {
    Stream programming, drift, stuck;
    std::uint32_t write;
    explicit Draws(const TileAddress& a)
        : programming({a.seed, Purpose::programming, a.chip, a.layer, a.tile}),
          drift({a.seed, Purpose::cell_drift, a.chip, a.layer, a.tile}),
          stuck({.seed = a.seed, .purpose = Purpose::stuck_device, .chip = a.chip}),
          write(a.write) {}
  };

  struct Cell {
    double transmission = 0;            // mean over readings
    double relative_reading_sigma = 0;  // of one reading
  };

  /// Cells of one tile, plus and minus of each weight in turn.
  struct WrittenTile {
    std::vector<Cell> cells;
    double scale = 1;  // network weight of a transmission difference of 1
    std::int64_t stuck = 0;
  };

  /// The cell with number `cell` that was told to have the transmission `level`. `stuck` counts
  /// those that do not obey.
  Cell written_cell(double level, std::uint64_t cell, const Draws& draws,
                    std::int64_t& stuck) const {
    const PcmCard& pcm = pcm_;
    if (pcm.stuck_low_fraction + pcm.stuck_high_fraction > 0) {
      const double fate = draws.stuck.uniform(cell);
      if (fate < pcm.stuck_low_fraction + pcm.stuck_high_fraction) {
        ++stuck;
        return {fate < pcm.stuck_low_fraction ? levels_.front() : levels_.back(), 0};
      }
    }
    double written = level;
    if (pcm.programming_scale > 0)
      written = std::max(0.0, level + pcm_programming_sigma(pcm, level) *
                                          draws.programming.normal(cell, draws.write));
    double now = written;
    if (pcm.drift_scale > 0 && pcm.elapsed_s > 0) {
      const DriftExponent nu = pcm_drift_exponent(pcm, written);
      const double exponent = std::abs(nu.mean + nu.sigma * draws.drift.normal(cell, draws.write));
      now *= drifted_share(pcm.elapsed_s, pcm.reference_s, exponent);
    }
    return {now, pcm.read_scale > 0 ? pcm_read_sigma(pcm, written) : 0.0};
  }

  WrittenTile write(std::span<const float> target, const TileAddress& address) const {
    const Draws draws(address);
    const double range = 1 - levels_.front(), largest = largest_weight(target);
    WrittenTile tile{.cells = std::vector<Cell>(2 * target.size()), .scale = largest / range};
    double wanted_sum = 0, now_sum = 0;
    for (std::size_t k = 0; k < target.size(); ++k) {
      const CellPair pair = pairs_.nearest(target[k] / largest * range);
      const double wanted[] = {pair.plus, pair.minus};
      for (std::size_t side = 0; side < 2; ++side) {
        const std::size_t c = 2 * k + side;
        tile.cells[c] = written_cell(wanted[side], c, draws, tile.stuck);
        wanted_sum += wanted[side];
        now_sum += tile.cells[c].transmission;
      }
    }
    // One reference reading of the tile tells by how much its outputs have to be scaled up again,
    // and their noise with them.
    const bool compensate = pcm_.compensate_drift && pcm_.drift_scale > 0 && pcm_.elapsed_s > 0;
    if (compensate && now_sum > 0) tile.scale *= wanted_sum / now_sum;
    return tile;
  }

  PcmCard pcm_;
  CoreDescription description_;
  std::vector<double> levels_;
  CellPairs pairs_;
};

/// An input's light is split over the cells of all rows, two a row: full scale is what comes
/// through one of them at full transmission.
CoreOptics crossbar_optics(const CoreCard& card) {
  const double loss_db = input_loss_db(card) + card.own.of<PcmCard>().insertion_loss_db +
                         10 * std::log10(2.0 * card.core_rows());
  return {.coding = InputCoding::intensity,
          .insertion_loss_db = loss_db,
          .noise = intensity_noise(card, loss_db),
          .noisy_cells = true};
}

/// Two cells a weight, each written and looked up. A written cell holds its state without power.
CoreDevices cells(const CoreCard& card) {
  const double count = 2.0 * card.core_rows() * card.core_columns();
  return {.programmed = count, .placed = count, .setting_operations = count};
}

}  // namespace

CoreEntry pcm_core() {
  return {.name = "pcm-crossbar",
          .describe =
              [](Section& section, CoreCard& card) {
                describe_light(section, card);
                section.card("pcm", card.own.of<PcmCard>());
              },
          .make = [](const CoreCard& card) { return std::make_unique<PcmCore>(card); },
          .optics = crossbar_optics,
          .devices = cells,
          .size = {},
          .statistics = {},
          .signs = WeightSigns::pairs,
          .age =
              [](CoreCard& card, double age_s) {
                PcmCard& pcm = card.own.of<PcmCard>();
                pcm.elapsed_s = age_s;
                return pcm.drift_scale > 0 || pcm.read_scale > 0 ? Ageing::cells : Ageing::none;
              }};
}

}  // namespace lightloom::photonic

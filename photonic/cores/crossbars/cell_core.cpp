#include <algorithm>
#include <cassert>
#include <cmath>

#include "photonic/cores/core_table.hpp"
#include "photonic/cores/crossbars/cell_tile.hpp"
#include "photonic/cores/tiles.hpp"

namespace lightloom::photonic {
namespace {

double largest_scale(const std::vector<double>& scales) {
  return scales.empty() ? 1.0 : *std::ranges::max_element(scales);
}

/// Crossbar of conductance cells in pairs, read as currents or voltages: no light.
class CellCore final : public TensorCore {
 public:
  explicit CellCore(const CoreCard& card)
      : description_(describe_core(card)), writer_(card.own.of<CellCard>(), description_.columns) {}

  [[nodiscard]] const CoreDescription& description() const override { return description_; }

  RealisationReport realise(std::span<const float> targets, TileAddress address,
                            std::span<float> realised, std::span<float> scales) const override {
    return realise_used({targets, address, realised, scales});
  }

  RealisationReport realise_used(const TileBatch& batch) const override {
    return each_tile(batch, [](const Written&) {});
  }

  void cell_noise(std::span<const float> targets, TileAddress address,
                  CellNoise noise) const override {
    std::vector<float> sums(targets.size()), scales(targets.size() / tile_size());
    std::ranges::fill(noise.light, 1.0F);
    each_tile({targets, address, sums, scales}, [&](const Written& w) {
      if (noise.variance.empty()) return;
      for_each_weight(w, [&](std::size_t place, int slice, double unit, std::size_t k) {
        float& sum = noise.variance[w.number * tile_size() + place];
        if (slice == 0) sum = 0;
        sum += static_cast<float>(unit * unit * w.cells.variance[k]);
      });
    });
  }

  RealisationReport realise_slices(const TileBatch& batch, CellNoise noise) const override {
    std::vector<float> sums(batch.targets.size()), scales(batch.targets.size() / tile_size());
    std::ranges::fill(batch.realised, 0.0F);
    std::ranges::fill(noise.variance, 0.0F);
    std::ranges::fill(noise.light, 1.0F);
    const TileBatch whole{batch.targets, batch.address, sums, scales, batch.used};
    return each_tile(whole, [&](const Written& w) {
      const auto slices = static_cast<std::size_t>(description_.slices);
      for (std::size_t s = 0; s < slices; ++s)
        batch.scales[w.number * slices + s] = static_cast<float>(
            largest_scale(w.cells.scale) * writer_.significance(static_cast<int>(s)));
      for_each_weight(w, [&](std::size_t place, int slice, double unit, std::size_t k) {
        const std::size_t at =
            (w.number * slices + static_cast<std::size_t>(slice)) * tile_size() + place;
        batch.realised[at] = static_cast<float>(unit * w.cells.value[k]);
        if (!noise.variance.empty())
          noise.variance[at] = static_cast<float>(unit * unit * w.cells.variance[k]);
      });
    });
  }

 private:
  /// One tile of a batch with its cells.
  struct Written {
    std::size_t number;
    const UsedPart& part;
    const CellTile& cells;
  };

  [[nodiscard]] std::size_t tile_size() const {
    return static_cast<std::size_t>(description_.rows) *
           static_cast<std::size_t>(description_.columns);
  }

  /// Calls use(place in the tile, slice, network weight of a value of 1, index of the value).
  template <class Use>
  void for_each_weight(const Written& w, const Use& use) const {
    const auto used = static_cast<std::size_t>(w.part.columns);
    const std::size_t weights = w.cells.scale.size() * used;
    for (int slice = 0; slice < description_.slices; ++slice)
      for (std::size_t k = 0; k < weights; ++k) {
        const std::size_t row = k / used;
        use(row * static_cast<std::size_t>(description_.columns) + k % used, slice,
            w.cells.scale[row] * writer_.significance(slice),
            static_cast<std::size_t>(slice) * weights + k);
      }
  }

  /// Realises the sum of all slices, and hands each tile's cells to `use`.
  template <class Use>
  RealisationReport each_tile(const TileBatch& batch, const Use& use) const {
    return realise_tiles(description_, batch, [&](const Tile& tile) {
      const UsedWeights used = used_weights(description_, batch, tile);
      const CellTile cells = writer_.write(used.weights, used.part, tile.address);
      const Written written{used.tile, used.part, cells};
      std::vector<double> sums(tile.target.size());
      for_each_weight(written, [&](std::size_t place, int, double unit, std::size_t k) {
        sums[place] += unit * cells.value[k];
      });
      std::ranges::transform(sums, tile.realised.begin(),
                             [](double w) { return static_cast<float>(w); });
      tile.scale = static_cast<float>(largest_scale(cells.scale));
      use(written);
      return RealisationReport{.clipped_weights = cells.clipped,
                               .devices = cells.devices,
                               .unreachable_devices = cells.stuck};
    });
  }

  CoreDescription description_;
  CellWriter writer_;
};

/// Signed voltages or pulses: one pass for inputs of both signs.
CoreOptics wiring(const CoreCard& card) {
  const CellCard& cells = card.own.of<CellCard>();
  return {.coding = InputCoding::field,
          .light = false,
          .slices = cells.slices,
          .noise = {.additive = cells.integrator_noise},
          .noisy_cells = CellLaws(cells).reads_noisily()};
}

/// All cells of a tile: both polarities, in all copies and slices. A cell that is read takes g V^2
/// as long as a symbol lasts.
CoreDevices devices(const CoreCard& card) {
  const CellCard& cell = card.own.of<CellCard>();
  const double pairs =
      static_cast<double>(card.core_rows()) * card.core_columns() * cell.copies * cell.slices;
  const double count = 2 * pairs * cell.devices_per_polarity;
  const double power_uW = 2 * pairs * CellLaws(cell).gmax_uS() * cell.read_load *
                          cell.read_voltage_V * cell.read_voltage_V;
  const double rounds = std::ceil(count / cell.write_parallel);
  CoreDevices devices{.programmed = count, .setting_operations = count};
  devices.cells = CellCost{.write_energy_pJ = cell.write_iterations * cell.write_energy_pJ,
                           .settle_ns = rounds * cell.write_iterations * cell.write_time_us * 1e3,
                           .read_energy_pJ = power_uW * 1e-3 / card.symbol_rate_GHz,
                           .area_mm2 = count * cell.area_um2 * 1e-6};
  return devices;
}

}  // namespace

CoreEntry cell_core() {
  return {.name = "cell-crossbar",
          .describe =
              [](Section& section, CoreCard& card) {
                section.card("cells", card.own.of<CellCard>());
                for (const std::string& problem : cell_problems(card.own.of<CellCard>()))
                  section.problem("cells", "cannot be used: " + problem);
              },
          .make = [](const CoreCard& card) { return std::make_unique<CellCore>(card); },
          .optics = wiring,
          .devices = devices,
          .size = {},
          .statistics = {},
          .signs = WeightSigns::parts,
          .age =
              [](CoreCard& card, double age_s) {
                CellCard& cells = card.own.of<CellCard>();
                cells.elapsed_s = age_s;
                return cells_age(cells) ? Ageing::cells : Ageing::none;
              }};
}

}  // namespace lightloom::photonic

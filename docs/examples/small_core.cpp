// A whole tensor core from outside the library. It multiplies with the weights it is told to, but
// for a gain of every cell that nobody knows: drawn once per chip. It brings its own section of a
// card, its noise and its cost; from `register_core` on, cards choose it by its name.
#include <cmath>
#include <iostream>
#include <lightloom/core/cards/card.hpp>
#include <lightloom/core/random/random.hpp>
#include <lightloom/photonic/cores/core_table.hpp>
#include <lightloom/photonic/cores/tiles.hpp>
#include <memory>
#include <vector>

namespace small_core {

using namespace lightloom;
using namespace lightloom::photonic;

/// The section `cells` of a card.
struct CellCard {
  double gain_sigma = 0.01;  // relative, of a weight
  double loss_db = 3;        // of the light that meets a cell
  double power_uW = 2;       // that one cell takes as long as the core is on
  double area_um2 = 100;
};
void describe(Section& section, CellCard& card) {
  section.value("gain_sigma", card.gain_sigma, not_negative);
  section.value("loss_db", card.loss_db, not_negative);
  section.value("power_uW", card.power_uW, not_negative);
  section.value("area_um2", card.area_um2, not_negative);
}

class GainCore final : public TensorCore {
 public:
  explicit GainCore(const CoreCard& card)
      : sigma_(card.own.of<CellCard>().gain_sigma), description_(describe_core(card)) {}

  const CoreDescription& description() const override { return description_; }

  RealisationReport realise(std::span<const float> targets, TileAddress address,
                            std::span<float> realised, std::span<float> scales) const override {
    // A number is a function of where it is drawn: the same cell of a chip has the same gain in
    // every tile, on any number of threads.
    const Stream gains(
        {.seed = address.seed, .purpose = Purpose::phase_error, .chip = address.chip});
    return realise_tiles(description_, {targets, address, realised, scales}, [&](const Tile& tile) {
      for (std::size_t k = 0; k < tile.target.size(); ++k)
        tile.realised[k] = static_cast<float>(tile.target[k] * (1 + sigma_ * gains.normal(k)));
      tile.scale = largest_weight(tile.target);
      return RealisationReport{.devices = description_.cost.devices};
    });
  }

 private:
  double sigma_;
  CoreDescription description_;
};

/// Inputs are intensities, split over all rows.
CoreOptics optics(const CoreCard& card) {
  const double loss_db =
      input_loss_db(card) + card.own.of<CellCard>().loss_db + 10 * std::log10(card.core_rows());
  return {.coding = InputCoding::intensity,
          .insertion_loss_db = loss_db,
          .noise = intensity_noise(card, loss_db)};
}

/// One cell a weight, set by looking its level up.
CoreDevices devices(const CoreCard& card) {
  const CellCard& cell = card.own.of<CellCard>();
  const double cells = static_cast<double>(card.core_rows()) * card.core_columns();
  return {.programmed = cells,
          .setting_operations = cells,
          .others = {{"cells", cells * cell.power_uW * 1e-3, cells * cell.area_um2 * 1e-6}}};
}

void register_gain_core() {
  register_core({.name = "gain-errors",
                 .describe =
                     [](Section& section, CoreCard& card) {
                       describe_light(section, card);
                       section.card("cells", card.own.of<CellCard>());
                     },
                 .make = [](const CoreCard& card) { return std::make_unique<GainCore>(card); },
                 .optics = optics,
                 .devices = devices,
                 .size = {},          // rows and columns as the card says, 64 if it does not
                 .statistics = {}});  // of one tile of random weights a chip
}

}  // namespace small_core

int main() {
  using namespace lightloom;
  small_core::register_gain_core();
  const auto card = read_card<photonic::CoreCard>(parse_yaml(
      "{kind: gain-errors, rows: 16, columns: 16, cells: {gain_sigma: 0.02}}", "small_core.cpp"));
  const auto core = photonic::make_core(card);

  std::vector<float> targets(256), realised(256), scales(1);
  for (std::size_t k = 0; k < targets.size(); ++k)
    targets[k] = std::sin(static_cast<float>(k + 1));  // any tile
  const auto report = core->realise(targets, {.seed = 1}, realised, scales);
  std::cout << "relative error of the weights: "
            << std::sqrt(report.squared_error / report.squared_target) << '\n'
            << "area of the core: " << core->description().cost.area_mm2 << " mm2\n";
  return 0;
}

#include "photonic/fabrication.hpp"

#include <cmath>
#include <numbers>

#include "core/random.hpp"

namespace lightloom::photonic {
namespace {

void draw_splitters(const FabricationCard& card, const StreamAddress& address, Fabrication& cells) {
  if (card.splitter_sigma_rad == 0 && card.splitter_mean_rad == 0) return;
  const Stream stream(address);
  const auto draw = [&](std::size_t k, std::uint64_t splitter) {
    const double spread = card.splitter_sigma_rad > 0 ? stream.normal(4 * k + splitter) : 0.0;
    return card.splitter_mean_rad + card.splitter_sigma_rad * spread;
  };
  for (std::size_t k = 0; k < cells.size(); ++k) {
    cells[k].alpha_rad = draw(k, 0);
    cells[k].beta_rad = draw(k, 1);
    cells[k].epsilon_rad = draw(k, 2);
  }
}

void draw_losses(const FabricationCard& card, const StreamAddress& address, Fabrication& cells) {
  if (card.arm_loss_sigma_db == 0) return;
  const Stream stream(address);
  const double log_gain_sigma = card.arm_loss_sigma_db * std::numbers::ln10 / 10;
  for (std::size_t k = 0; k < cells.size(); ++k) {
    cells[k].phi_top.log_gain = log_gain_sigma * stream.normal(2 * k);
    cells[k].theta_top.log_gain = log_gain_sigma * stream.normal(2 * k + 1);
  }
}

}  // namespace

void describe(Section& section, FabricationCard& card) {
  section.value("splitter_sigma_rad", card.splitter_sigma_rad, {.low = 0, .high = 0.7});
  section.value("splitter_mean_rad", card.splitter_mean_rad, {.low = -0.7, .high = 0.7});
  section.value("arm_loss_sigma_db", card.arm_loss_sigma_db, not_negative);
}

Fabrication draw_fabrication(const FabricationCard& card, const Topology& topology,
                             std::uint64_t seed, std::uint32_t chip, std::uint32_t mesh) {
  Fabrication cells(topology.cells.size());
  StreamAddress address{
      .seed = seed, .purpose = Purpose::splitter_error, .chip = chip, .tile = mesh};
  draw_splitters(card, address, cells);
  address.purpose = Purpose::loss_error;
  draw_losses(card, address, cells);
  return cells;
}

void add_device_loss(double loss_db, Fabrication& fabrication) {
  const double log_gain = -loss_db * std::numbers::ln10 / 10;
  for (MziErrors& cell : fabrication) {
    cell.theta_top.log_gain += log_gain;
    cell.theta_bottom.log_gain += log_gain;
  }
}

}  // namespace lightloom::photonic

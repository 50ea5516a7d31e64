#include "photonic/meshes/fabrication.hpp"

#include <cmath>
#include <numbers>

#include "core/random/random.hpp"

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

/// One wave of a random field: random Fourier features, a sum of plane waves with Gaussian wave
/// vectors, have a squared-exponential covariance.
struct Wave {
  double x_per_um, y_per_um, phase;
};
std::vector<Wave> draw_waves(const Stream& stream, double length_um) {
  constexpr std::uint64_t count = 128;
  std::vector<Wave> waves;
  for (std::uint64_t w = 0; w < count; ++w)
    waves.push_back({stream.normal(w, 3) / length_um, stream.normal(w, 4) / length_um,
                     2 * std::numbers::pi * stream.uniform(w, 2)});
  return waves;
}

/// Sum of the waves at every cell. Cells stand in rows and columns: cos(a + b) from the cosines and
/// sines of both.
std::vector<double> wave_field(const std::vector<Wave>& waves, const Pitch& pitch,
                               const Topology& topology) {
  const auto along = [](int count, double per_step, double phase) {
    std::vector<Complex> turns;
    for (int i = 0; i < count; ++i) turns.push_back(std::polar(1.0, per_step * (i + 0.5) + phase));
    return turns;
  };
  std::vector<double> field(waves.empty() ? 0 : topology.cells.size());
  for (const Wave& wave : waves) {
    const auto column = along(topology.columns, wave.x_per_um * pitch.column_um, wave.phase);
    const auto mode = along(topology.modes, wave.y_per_um * pitch.mode_um, 0);
    for (std::size_t k = 0; k < field.size(); ++k)
      field[k] += mul(column[static_cast<std::size_t>(topology.cells[k].column)],
                      mode[static_cast<std::size_t>(topology.cells[k].top)])
                      .real();
  }
  return field;
}

/// A mesh on its wafer.
struct MeshOnWafer {
  const Topology& topology;
  Pitch pitch;
};

void draw_correlated(const FabricationCard& card, const StreamAddress& address,
                     const MeshOnWafer& mesh, Fabrication& cells) {
  if (card.gradient_sigma_rad == 0 && card.correlated_sigma_rad == 0) return;
  const auto& [topology, pitch] = mesh;
  const Stream stream(address);
  const double half_x = 0.5 * topology.columns * pitch.column_um,
               half_y = 0.5 * topology.modes * pitch.mode_um;
  const double slope_x = stream.normal(0, 1), slope_y = stream.normal(1, 1);
  std::vector<Wave> waves;
  if (card.correlated_sigma_rad > 0) waves = draw_waves(stream, card.correlation_length_um);
  const std::vector<double> field = wave_field(waves, pitch, topology);
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const double x = (topology.cells[k].column + 0.5) * pitch.column_um,
                 y = (topology.cells[k].top + 0.5) * pitch.mode_um;
    double error = card.gradient_sigma_rad *
                   ((x / half_x - 1) * slope_x + (y / half_y - 1) * slope_y) / std::numbers::sqrt2;
    if (!waves.empty())
      error +=
          card.correlated_sigma_rad * std::sqrt(2.0 / static_cast<double>(waves.size())) * field[k];
    cells[k].alpha_rad += error;
    cells[k].beta_rad += error;
    cells[k].epsilon_rad += error;
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
  section.value("gradient_sigma_rad", card.gradient_sigma_rad, {.low = 0, .high = 0.7});
  section.value("correlated_sigma_rad", card.correlated_sigma_rad, {.low = 0, .high = 0.7});
  section.value("correlation_length_um", card.correlation_length_um, positive);
  section.value("arm_loss_sigma_db", card.arm_loss_sigma_db, not_negative);
}

Fabrication draw_fabrication(const FabricationCard& card, const Topology& topology,
                             const FabricationPlace& place) {
  Fabrication cells(topology.cells.size());
  StreamAddress address{.seed = place.seed,
                        .purpose = Purpose::splitter_error,
                        .chip = place.chip,
                        .tile = place.mesh};
  draw_splitters(card, address, cells);
  address.purpose = Purpose::wafer_gradient;
  draw_correlated(card, address, {topology, place.pitch}, cells);
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

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/random/random.hpp"
#include "photonic/cores/chip_statistics.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/cores/kinds/mesh_chip.hpp"
#include "photonic/cores/kinds/mzi_core.hpp"
#include "photonic/devices/angle.hpp"
#include "photonic/devices/ring.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::photonic {
namespace {

using std::numbers::pi;

TEST(Dispersion, PhaseOfAGuideIsThatOfItsLinearIndex) {
  // phi(lambda) = 2 pi n(lambda) L / lambda at both wavelengths, n(lambda) = n0 + (lambda -
  // lambda0) (n0 - n_g) / lambda0, whatever n0.
  const double length_nm = 37e3, group = 4.2, at = 1550, shift = 13;
  for (const double n0 : {1.7, 2.4}) {
    const auto phase = [&](double lambda) {
      return 2 * pi * (n0 + (lambda - at) * (n0 - group) / at) * length_nm / lambda;
    };
    EXPECT_NEAR(guide_phase_change_rad(37, group, at, shift), phase(at + shift) - phase(at), 1e-11);
  }
  // A ring's next resonance is a turn away: lambda^2 / (n_g L) to first order in shift / lambda.
  const double fsr = ring_fsr_nm(group, 37, at);
  EXPECT_NEAR(guide_phase_change_rad(37, group, at, fsr), -2 * pi, 1.01 * 2 * pi * fsr / at);
}

TEST(Dispersion, LinesEquallySpacedInFrequencyMeetEveryRingEquallySpacedInPhase) {
  // What a ring bank takes for granted, also half a free spectral range away from the middle: with
  // one group index there is no dispersion of the free spectral range in frequency.
  constexpr int channels = 8;
  const double length_um = 2 * pi * 5, group = 4.2;
  const auto line = [&](int k) {
    return 1 / (1 / 1550.0 - k / (channels * group * length_um * 1e3));
  };
  for (int j = -4; j < 4; ++j)
    for (int k = -4; k < 4; ++k)
      EXPECT_NEAR(guide_phase_change_rad(length_um, group, line(j), line(k) - line(j)),
                  2 * pi * (j - k) / channels, 1e-11);
}

CoreCard dispersive_card(int modes) {
  CoreCard card = default_card("mzi-mesh");
  mesh_part(card).mesh.modes = modes;
  mesh_part(card).mesh.device_loss_db = 0;
  card.correction = Correction::none;
  return card;
}

TEST(Dispersion, MovesPhasesSplittersAndArmsOfAMesh) {
  // The mesh worked out device by device at the other wavelength.
  CoreCard card = dispersive_card(5);
  mesh_part(card).dispersion = {.shift_nm = 8, .coupler_rad_per_nm = 0.003, .arm_difference_um = 2};
  const Topology topology = make_topology(MeshKind::clements, 5);
  MeshSettings ideal =
      haar_clements_settings(topology, Stream({.seed = 3, .purpose = Purpose::test}));
  const MeshChip chip(std::make_shared<const MeshDesign>(card), {});
  const MeshChip::Applied applied = chip.apply(ideal, 0, {}, Leak::nearest);
  const SquareMatrix moved =
      mesh_matrix(topology, DeviceKind::mzi, applied.settings, applied.fabrication);

  // dn L is what a heater makes, phi = 2 pi dn L / lambda; a longer arm's phase by its index.
  const double shorter = 1550.0 / 1558.0;
  const double arm =
      2 * pi * 2e3 * (2.5 + 8 * (2.5 - 4.2) / 1550) / 1558 - 2 * pi * 2e3 * 2.5 / 1550;
  Fabrication by_hand(topology.cells.size());
  for (std::size_t k = 0; k < by_hand.size(); ++k) {
    by_hand[k].alpha_rad = by_hand[k].beta_rad = 0.024;
    ideal.theta[k] = held_phase(ideal.theta[k]) * shorter + arm;
    ideal.phi[k] = held_phase(ideal.phi[k]) * shorter + arm;
  }
  for (double& phase : ideal.screen) phase = held_phase(phase) * shorter;
  EXPECT_LT(matrix_error(moved, mesh_matrix(topology, DeviceKind::mzi, ideal, by_hand)), 1e-12);
}

TEST(Dispersion, IsNotCorrectedUnlikeTheSameErrorOfFabrication) {
  // Splitters that calibration knew about are corrected, those that moved since are not.
  const auto error = [](double known, double moved) {
    CoreCard card = dispersive_card(16);
    card.correction = Correction::local;
    mesh_part(card).fabrication.splitter_mean_rad = known;
    mesh_part(card).dispersion = {.shift_nm = 1e-9, .coupler_rad_per_nm = moved / 1e-9};
    return summarise(chip_statistics(card, {.chips = 10}).error).mean;
  };
  const double corrected = error(0.01, 0), moved = error(0, 0.01);
  EXPECT_GT(moved, 5 * corrected);
  CoreCard uncorrected = dispersive_card(16);
  mesh_part(uncorrected).fabrication.splitter_mean_rad = 0.01;
  EXPECT_NEAR(moved, summarise(chip_statistics(uncorrected, {.chips = 10}).error).mean, 1e-9);
}

}  // namespace
}  // namespace lightloom::photonic

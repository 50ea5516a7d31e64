#include "photonic/control/self_configuration.hpp"

#include <gtest/gtest.h>

#include "core/random/random.hpp"
#include "photonic/control/field_nulling.hpp"
#include "photonic/control/power_nulling.hpp"
#include "photonic/decomposition/butterfly.hpp"
#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/decomposition/local_correction.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::photonic {
namespace {

class SimulatedMesh final : public MeasuredMesh {
 public:
  SimulatedMesh(const Topology& topology, const Fabrication& fabrication)
      : topology_(topology), fabrication_(fabrication) {}
  SquareMatrix measure(const MeshSettings& settings) override {
    return mesh_matrix(topology_, DeviceKind::mzi, settings, fabrication_);
  }

 private:
  const Topology& topology_;
  const Fabrication& fabrication_;
};

TEST(SelfConfiguration, UnknownErrorsAreUndoneFromReadingsAlone) {
  const Stream stream({.seed = 12, .purpose = Purpose::test});
  const Topology topology = clements_topology(4);
  for (std::uint64_t chip = 0; chip < 3; ++chip) {
    const MeshSettings ideal = haar_clements_settings(topology, stream, chip);
    const SquareMatrix target = mesh_matrix(topology, DeviceKind::mzi, ideal);
    Fabrication fabrication(topology.cells.size());
    for (std::size_t k = 0; k < fabrication.size(); ++k) {
      fabrication[k].alpha_rad = 0.03 * stream.normal(k, 10 + chip);
      fabrication[k].beta_rad = 0.03 * stream.normal(k, 20 + chip);
      fabrication[k].theta_top.phase_rad = 0.1 * stream.normal(k, 30 + chip);
      fabrication[k].phi_top.phase_rad = 0.1 * stream.normal(k, 40 + chip);
    }
    SimulatedMesh mesh(topology, fabrication);
    const double before = matrix_error(mesh.measure(ideal), target);
    const SelfConfiguration found =
        self_configure(mesh, topology, {target, ideal}, {.rounds = 700});
    EXPECT_GT(before, 0.1);
    // All devices can take their setting here, so zero is in reach; going phase by phase gets there
    // linearly.
    for (MziErrors& e : fabrication) e.theta_top = e.phi_top = {};
    EXPECT_EQ(correct_locally(topology, ideal, fabrication).unreachable, 0);
    EXPECT_LT(found.error, before / 50) << chip;
    EXPECT_LE(found.readings, 701 + 700 * 3 * 16);
  }
}

/// A chip in a simulated laboratory, with phases of its own on every shifter besides splitter
/// errors.
struct Laboratory {
  Topology topology;
  MeshSettings ideal;
  Fabrication fabrication, splitters_only;
  SquareMatrix target;

  Laboratory(Topology layout, MeshSettings wanted, double sigma_rad, std::uint64_t chip)
      : topology(std::move(layout)), ideal(std::move(wanted)) {
    const Stream stream({.seed = 51, .purpose = Purpose::test});
    fabrication.resize(topology.cells.size());
    for (std::size_t k = 0; k < fabrication.size(); ++k) {
      fabrication[k].alpha_rad = sigma_rad * stream.normal(k, 10 + chip);
      fabrication[k].beta_rad = sigma_rad * stream.normal(k, 20 + chip);
    }
    splitters_only = fabrication;
    for (std::size_t k = 0; k < fabrication.size(); ++k) {
      fabrication[k].theta_top.phase_rad = 6 * stream.uniform(k, 30 + chip);
      fabrication[k].phi_top.phase_rad = 6 * stream.uniform(k, 40 + chip);
      fabrication[k].theta_bottom.phase_rad = 6 * stream.uniform(k, 50 + chip);
    }
    target = mesh_matrix(topology, DeviceKind::mzi, ideal);
  }

  [[nodiscard]] SquareMatrix matrix(const MeshSettings& settings) const {
    return mesh_matrix(topology, DeviceKind::mzi, settings, fabrication);
  }
  [[nodiscard]] std::vector<Complex> fields(const MeshSettings& settings,
                                            std::span<const Complex> inputs) const {
    const SquareMatrix u = matrix(settings);
    std::vector<Complex> outputs(inputs.size());
    for (int r = 0; r < u.size; ++r)
      for (int c = 0; c < u.size; ++c)
        outputs[static_cast<std::size_t>(r)] += mul(u(r, c), inputs[static_cast<std::size_t>(c)]);
    return outputs;
  }
  [[nodiscard]] std::vector<double> powers(const MeshSettings& settings,
                                           std::span<const Complex> inputs) const {
    std::vector<double> result;
    for (const Complex field : fields(settings, inputs)) result.push_back(std::norm(field));
    return result;
  }
  [[nodiscard]] NullingResult by_fields() const {
    return null_fields([this](const auto& s, auto in) { return fields(s, in); }, topology, ideal);
  }
  [[nodiscard]] NullingResult by_powers() const {
    return null_powers([this](const auto& s, auto in) { return powers(s, in); }, topology, ideal);
  }
  [[nodiscard]] int unreachable() const {
    return correct_locally(topology, ideal, splitters_only).unreachable;
  }
};

Laboratory laboratory(MeshKind kind, int modes, double sigma_rad, std::uint64_t chip) {
  const Stream stream({.seed = 52, .purpose = Purpose::test});
  const Topology topology = make_topology(kind, modes);
  MeshSettings wanted;
  if (kind == MeshKind::clements) wanted = haar_clements_settings(topology, stream, chip);
  if (kind == MeshKind::reck) wanted = decompose_reck(haar_unitary(modes, stream, chip));
  if (kind == MeshKind::butterfly) wanted = random_butterfly_settings(topology, stream);
  return {topology, wanted, sigma_rad, chip};
}

TEST(Nulling, FieldReadingsReachTheTargetWhereLocalCorrectionProvesItReachable) {
  for (const auto& [kind, modes] : {std::pair(MeshKind::clements, 8),
                                    {MeshKind::clements, 7},
                                    {MeshKind::reck, 6},
                                    {MeshKind::butterfly, 8}}) {
    int reached = 0;
    for (std::uint64_t chip = 0; chip < 3; ++chip) {
      const Laboratory lab = laboratory(kind, modes, 0.01, chip);
      if (lab.unreachable() > 0) continue;
      ++reached;
      EXPECT_GT(matrix_error(lab.matrix(lab.ideal), lab.target), 0.5);
      const NullingResult found = lab.by_fields();
      EXPECT_LT(matrix_error(lab.matrix(found.settings), lab.target), 1e-11) << modes << chip;
      EXPECT_EQ(found.unreachable, 0);
    }
    EXPECT_GE(reached, 2) << modes;
  }
}

TEST(Nulling, PowerReadingsReachItUpToTheOutputPhasesTheyCannotSee) {
  for (const auto& [kind, modes] : {std::pair(MeshKind::clements, 5),
                                    {MeshKind::clements, 6},
                                    {MeshKind::reck, 5},
                                    {MeshKind::butterfly, 4}}) {
    int reached = 0;
    for (std::uint64_t chip = 0; chip < 3; ++chip) {
      const Laboratory lab = laboratory(kind, modes, 0.01, chip);
      if (lab.unreachable() > 0) continue;
      ++reached;
      const NullingResult found = lab.by_powers();
      EXPECT_LT(error_up_to_output_phases(lab.matrix(found.settings), lab.target), 1e-11)
          << modes << chip;
    }
    EXPECT_GE(reached, 2) << modes;
  }
}

TEST(Nulling, ReadingsGrowWithTheDevicesOnly) {
  // 8 (27) readings a device; half of them where the dark output is the mesh's, a third where its
  // light never meets the other output's again.
  const Laboratory lab = laboratory(MeshKind::clements, 6, 0.01, 0);
  const std::int64_t last = 4;  // of 15 devices, those with an output that is the mesh's
  EXPECT_EQ(lab.by_fields().readings, 8 * (15 - last) + 4 * last + 1);
  const std::int64_t apart = last + 1;  // the middle one of the last but one column too
  EXPECT_EQ(lab.by_powers().readings, 27 * (15 - apart) + 9 * apart);
}

TEST(Nulling, DevicesThatCannotDarkenTheirOutputAreNoticed) {
  int with = 0;
  for (std::uint64_t chip = 0; chip < 4; ++chip) {
    const Laboratory lab = laboratory(MeshKind::clements, 6, 0.06, chip);
    with += lab.unreachable() > 0 ? 1 : 0;
    EXPECT_EQ(lab.by_fields().unreachable > 0, lab.unreachable() > 0) << chip;
  }
  EXPECT_GT(with, 0);
}

}  // namespace
}  // namespace lightloom::photonic

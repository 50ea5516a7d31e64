#include <gtest/gtest.h>

#include "core/random.hpp"
#include "photonic/correction.hpp"
#include "photonic/decompose.hpp"
#include "photonic/haar.hpp"
#include "photonic/self_configuration.hpp"

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
    const SelfConfiguration found = self_configure(mesh, topology, target, ideal, {.rounds = 700});
    EXPECT_GT(before, 0.1);
    // All devices can take their setting here, so zero is in reach; going phase by phase gets there
    // linearly.
    for (MziErrors& e : fabrication) e.theta_top = e.phi_top = {};
    EXPECT_EQ(correct_locally(topology, ideal, fabrication).unreachable, 0);
    EXPECT_LT(found.error, before / 50) << chip;
    EXPECT_LE(found.readings, 701 + 700 * 3 * 16);
  }
}

}  // namespace
}  // namespace lightloom::photonic

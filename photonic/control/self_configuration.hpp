#pragma once

#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// Settings that bring an imperfect mesh of unknown errors towards a target, found with field
/// read-outs only.
struct SelfConfiguration {
  MeshSettings settings;
  double error = 0;  // ||target - realised||_F / sqrt(N) at the end
  int readings = 0;  // matrices measured
  int rounds = 0;
};

/// Reads the matrix of a chip with the settings given; one call stands for N coherent field
/// measurements.
class MeasuredMesh {
 public:
  virtual ~MeasuredMesh() = default;
  [[nodiscard]] virtual SquareMatrix measure(const MeshSettings& settings) = 0;
};

/// What the chip is to do, and the settings to begin with.
struct ConfigurationGoal {
  const SquareMatrix& target;
  const MeshSettings& start;
};

struct SelfConfigurationOptions {
  int rounds = 8;           // passes over all phases
  double tolerance = 1e-9;  // of the error; stops early
};

/// Coordinate-wise optimisation. |U(phi) - target|^2 of one phase is a + b cos(phi - phi_0)
/// exactly, whatever the device's errors, because every phase enters U linearly in e^{i phi}; three
/// readings give its minimum.
SelfConfiguration self_configure(MeasuredMesh& chip, const Topology& topology,
                                 const ConfigurationGoal& goal,
                                 const SelfConfigurationOptions& options = {});

}  // namespace lightloom::photonic

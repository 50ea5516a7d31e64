#pragma once

#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// Every parameter a device's transfer depends on.
enum class DeviceParameter {
  theta,
  phi,
  alpha,
  beta,
  epsilon,
  phi_bottom,
  theta_bottom,  // phases of the arms without a driven shifter
  phi_top_gain,
  phi_bottom_gain,
  theta_top_gain,
  theta_bottom_gain,  // logarithmic power gains
};

/// The phases that a device is set to, and what fabrication did to it.
struct SetDevice {
  double theta_rad = 0, phi_rad = 0;
  MziErrors errors{};
};

/// The derivative of `device(kind, theta, phi, errors)` with respect to one parameter, in closed
/// form: dT/dphi = T diag(i, 0), dT/dbeta = i X T, dT/dtheta = (i/2)(1 - sin 2beta Z + cos 2beta Y)
/// T, dT/dalpha = T i [[0, b2/b1], [b1/b2, 0]] with the input stage diag(b1, b2). Zero for a
/// parameter the device does not have.
Transfer device_derivative(DeviceKind kind, DeviceParameter parameter, const SetDevice& set);

/// Gradient of a real function L of a mesh's matrix, from the adjoint sweep.
struct MeshSensitivity {
  SquareMatrix matrix;          // the mesh's matrix U
  std::vector<Transfer> cells;  // M of every cell: dL = Re sum_ab dT_ab conj(M_ab)
  std::vector<double> screen;   // dL/dpsi of every output phase
};

/// `upstream` is G with dL = Re sum_ij conj(G_ij) dU_ij. One forward and one backward sweep, O(N^3)
/// time, O(N^2) memory: fields before a cell are recovered by the inverse of its 2x2, so no device
/// may lose all light. Without shifters in front of cells (`MeshSettings::outer`).
MeshSensitivity mesh_sensitivity(const ConfiguredMesh& mesh, const SquareMatrix& upstream);

/// dL/dp of one cell from its sensitivity and dT/dp.
double along(const Transfer& sensitivity, const Transfer& derivative);

}  // namespace lightloom::photonic

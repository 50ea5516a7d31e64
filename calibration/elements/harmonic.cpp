#include "calibration/elements/harmonic.hpp"

#include <Eigen/Cholesky>
#include <cmath>

namespace lightloom::calibration {

double Harmonic::amplitude() const { return std::hypot(cosine, sine); }
double Harmonic::phase_rad() const { return std::atan2(-sine, cosine); }

Harmonic fit_harmonic(std::span<const double> angles_rad, std::span<const double> readings) {
  Eigen::Matrix3d normal = Eigen::Matrix3d::Zero();
  Eigen::Vector3d right = Eigen::Vector3d::Zero();
  for (std::size_t i = 0; i < angles_rad.size(); ++i) {
    const Eigen::Vector3d row(1, std::cos(angles_rad[i]), std::sin(angles_rad[i]));
    normal += row * row.transpose();
    right += readings[i] * row;
  }
  normal.diagonal().array() += 1e-12 * normal.trace();
  const Eigen::Vector3d x = normal.ldlt().solve(right);
  Harmonic h{x[0], x[1], x[2], 0};
  for (std::size_t i = 0; i < angles_rad.size(); ++i) {
    const double r =
        readings[i] - x[0] - x[1] * std::cos(angles_rad[i]) - x[2] * std::sin(angles_rad[i]);
    h.squares += r * r;
  }
  return h;
}

}  // namespace lightloom::calibration

// A program with an Eigen of its own beside ours: both allocate, multiply and decompose.
#include <Eigen/Dense>
#include <cmath>
#include <cstdio>
#include <lightloom/photonic.hpp>
#include <vector>

int main() {
  const int n = 33;
  Eigen::MatrixXd random(n, n);
  for (int r = 0; r < n; ++r)
    for (int c = 0; c < n; ++c) random(r, c) = std::sin(1.0 + 7 * r * r + 3.3 * c * r + c);
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(random, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const Eigen::MatrixXd orthogonal = svd.matrixU() * svd.matrixV().transpose();
  lightloom::ComplexMatrix target{n, n, {}};
  for (int r = 0; r < n; ++r)
    for (int c = 0; c < n; ++c) target.values.emplace_back(orthogonal(r, c), 0.0);
  lightloom::photonic::DecompositionOptions options;
  options.target = lightloom::photonic::DecompositionOptions::Target::svd;
  const auto found = lightloom::photonic::decompose_matrix(target, options);
  const double own = (orthogonal * orthogonal.transpose() - Eigen::MatrixXd::Identity(n, n)).norm();
  std::printf("own_eigen: ours %.1e, the user's %.1e\n", found.error, own);
  return found.error < 1e-12 && own < 1e-12 ? 0 : 1;
}

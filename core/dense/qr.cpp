#include "core/dense/qr.hpp"

#include <Eigen/QR>
#include <algorithm>

namespace lightloom {
namespace {

using Matrix = Eigen::MatrixXd;
using Qr = Eigen::HouseholderQR<Matrix>;

Matrix upper_part(const Qr& qr) {
  const Eigen::Index least = std::min(qr.rows(), qr.cols());
  return qr.matrixQR().topRows(least).triangularView<Eigen::Upper>();
}

}  // namespace

ThinQr thin_qr(const Matrix& matrix) {
  const Qr qr(matrix);
  const Eigen::Index least = std::min(matrix.rows(), matrix.cols());
  return {qr.householderQ() * Matrix::Identity(matrix.rows(), least), upper_part(qr)};
}

Matrix triangle_of(const Matrix& matrix) { return upper_part(Qr(matrix)); }

Matrix orthogonal_factor(const Matrix& square) { return Qr(square).householderQ(); }

}  // namespace lightloom

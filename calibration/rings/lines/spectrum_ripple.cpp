#include "calibration/rings/lines/spectrum_ripple.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "calibration/rings/lines/spectrum_noise.hpp"

namespace lightloom::calibration {
namespace {

/// How much less the squares of a piece are with a ripple, and its amplitude.
struct Gain {
  double squares = 0, amplitude = 0;
};

/// A piece with the phases of its readings at a wave number that rises by equal steps.
class Turning {
 public:
  Turning(const RippleEvidence& piece, double first, double step) : piece_(&piece) {
    const double middle = 0.5 * (piece.nm.front() + piece.nm.back());
    for (const double nm : piece.nm) {
      now_.push_back(std::polar(1.0, first * (nm - middle)));
      turn_.push_back(std::polar(1.0, step * (nm - middle)));
    }
  }

  void turn() {
    for (std::size_t i = 0; i < now_.size(); ++i) now_[i] *= turn_[i];
  }

  /// Least squares of residual + (A cos + B sin) reach once all other parameters have moved along
  /// (Rao's score); none where those can do the same.
  [[nodiscard]] Gain gain() const {
    const auto count = static_cast<Eigen::Index>(now_.size());
    Eigen::MatrixXd both(count, 2);
    for (Eigen::Index i = 0; i < count; ++i) {
      const auto k = static_cast<std::size_t>(i);
      both(i, 0) = piece_->reach[k] * now_[k].real();
      both(i, 1) = piece_->reach[k] * now_[k].imag();
    }
    const double all = both.squaredNorm();
    const Eigen::MatrixXd taken = piece_->taken.transpose() * both;
    both -= piece_->taken * taken;
    if (!(both.squaredNorm() > 1e-3 * all)) return {};
    const Eigen::Map<const Eigen::VectorXd> residual(piece_->residual.data(), count);
    const double cc = both.col(0).squaredNorm(), cs = both.col(0).dot(both.col(1)),
                 ss = both.col(1).squaredNorm(), c = both.col(0).dot(residual),
                 s = both.col(1).dot(residual), determinant = cc * ss - cs * cs;
    if (!(determinant > 1e-6 * cc * ss)) return {};
    const double x = (ss * c - cs * s) / determinant, y = (cc * s - cs * c) / determinant;
    return {x * c + y * s, std::hypot(x, y)};
  }

 private:
  const RippleEvidence* piece_;
  std::vector<std::complex<double>> now_, turn_;
};

/// Sum over the pieces, none more than three times the middle one: what one line alone leaves is no
/// ripple.
double sum_of(const std::vector<Gain>& gains) {
  std::vector<double> squares;
  for (const Gain& gain : gains) squares.push_back(gain.squares);
  const double limit = 3 * median_of(squares);
  double sum = 0;
  for (const double one : squares) sum += std::min(one, limit);
  return sum;
}

/// What a quarter of the pieces exceed: where the lines hide most of it, amplitudes are uncertain.
double amplitude_of(const std::vector<Gain>& gains) {
  std::vector<double> amplitudes;
  for (const Gain& gain : gains) amplitudes.push_back(gain.amplitude);
  return upper_quartile_of(amplitudes);
}

double reach_of(const RippleEvidence& piece) { return 0.5 * (piece.nm.back() - piece.nm.front()); }

}  // namespace

SpectrumRipple find_ripple(const std::vector<RippleEvidence>& all) {
  std::vector<RippleEvidence> pieces;
  for (const RippleEvidence& piece : all)
    if (piece.nm.size() >= 24) pieces.push_back(piece);
  if (pieces.size() < 2) return {};
  double widest = 0, step = INFINITY;
  for (const RippleEvidence& piece : pieces) {
    widest = std::max(widest, reach_of(piece));
    step = std::min(step, 2 * reach_of(piece) / static_cast<double>(piece.nm.size()));
  }
  const double first = 1.5 / widest, each = 0.25 / widest,
               last = std::min(200 / widest, 0.5 * std::numbers::pi / step);
  std::vector<Turning> turning;
  for (const RippleEvidence& piece : pieces) turning.emplace_back(piece, first, each);
  SpectrumRipple best;
  double most = 0;
  std::vector<Gain> gains(pieces.size());
  for (double k = first; k < last; k += each) {
    for (std::size_t p = 0; p < pieces.size(); ++p) {
      gains[p] = turning[p].gain();
      turning[p].turn();
    }
    const double sum = sum_of(gains);
    if (sum <= most) continue;
    most = sum;
    best = {k, amplitude_of(gains)};
  }
  // Noise gives chi^2 of two degrees of freedom a piece: six standard deviations, and the number of
  // wave numbers tried.
  const auto count = static_cast<double>(pieces.size());
  const double tried = std::max(2.0, (last - first) / each);
  return most > 2 * count + 6 * std::sqrt(4 * count) + 2 * std::log(tried) ? best
                                                                           : SpectrumRipple{};
}

}  // namespace lightloom::calibration

#include "photonic/cores/kinds/ring_set_points.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace lightloom::photonic {
namespace {

constexpr int newton_rounds = 8, descent_rounds = 30;
constexpr double arrived = 1e-6;      // miss of a weight, of which full scale is 1
constexpr double longest_step = 0.3;  // of the reach, in one round of Newton's method

/// Solves the rows of `matrix` (n, n) for `right`, in place, by elimination with the largest pivot.
/// false: there is none.
bool eliminate(std::span<double> matrix, std::span<double> right) {
  const std::size_t n = right.size();
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t pivot = i;
    for (std::size_t r = i + 1; r < n; ++r)
      if (std::abs(matrix[r * n + i]) > std::abs(matrix[pivot * n + i])) pivot = r;
    if (!(std::abs(matrix[pivot * n + i]) > 1e-12)) return false;
    if (pivot != i) {
      std::swap_ranges(&matrix[i * n], &matrix[i * n] + n, &matrix[pivot * n]);
      std::swap(right[i], right[pivot]);
    }
    for (std::size_t r = i + 1; r < n; ++r) {
      const double share = matrix[r * n + i] / matrix[i * n + i];
      for (std::size_t c = i + 1; c < n; ++c) matrix[r * n + c] -= share * matrix[i * n + c];
      right[r] -= share * right[i];
    }
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t c = i + 1; c < n; ++c) right[i] -= matrix[i * n + c] * right[c];
    right[i] /= matrix[i * n + i];
  }
  return true;
}

double largest(std::span<const double> values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

}  // namespace

void RingSetPoints::start(std::span<const double> wanted, std::span<double> phases) const {
  // Not on resonance itself, where a ring's own weight is flat.
  const Ring ring = bus_.driven(0);
  for (std::size_t k = 0; k < phases.size(); ++k)
    phases[k] =
        std::clamp(ring_phase_for(ring, wanted[k]), 1e-3 * options_.reach_rad, options_.reach_rad);
}

/// Weights, slopes and misses at `phases`; the sum of the squared misses.
double RingSetPoints::linearise(std::span<const double> wanted, std::span<const double> phases) {
  bus_.slopes(phases, at_);
  miss_.resize(wanted.size());
  double squared = 0;
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    miss_[k] = wanted[k] - at_.weights[k];
    squared += miss_[k] * miss_[k];
  }
  ++rounds_;
  return squared;
}

bool RingSetPoints::newton_step() {
  const std::size_t n = miss_.size();
  matrix_.resize(n * n);
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t k = 0; k < n; ++k) matrix_[k * n + j] = at_.slopes[j * n + k];
  step_ = miss_;
  return eliminate(matrix_, step_);
}

void RingSetPoints::newton(std::span<const double> wanted, std::span<double> phases) {
  const double most = longest_step * options_.reach_rad;
  double last = std::numeric_limits<double>::infinity();
  for (int round = 0; round < newton_rounds; ++round) {
    linearise(wanted, phases);
    const double miss = largest(miss_);
    if (miss < arrived || (round > 2 && miss > last / 2) || !newton_step()) return;
    last = miss;
    for (std::size_t k = 0; k < phases.size(); ++k) {
      const double next = phases[k] + std::clamp(step_[k], -most, most);
      // Towards resonance by halves: beyond it the same weights come once more.
      phases[k] = next > 0 ? std::min(next, options_.reach_rad) : phases[k] / 2;
    }
  }
  linearise(wanted, phases);
}

/// The step of the damped normal equations for the phases that are free: not at a bound that the
/// descent leads out of.
bool RingSetPoints::damped_step(std::span<const double> phases, double damping) {
  const std::size_t n = miss_.size();
  matrix_.assign(n * n, 0.0);
  step_.assign(n, 0.0);
  free_.clear();
  for (std::size_t i = 0; i < n; ++i) {
    double descent = 0;
    for (std::size_t k = 0; k < n; ++k) descent += at_.slopes[i * n + k] * miss_[k];
    const bool held = descent <= 0 ? phases[i] <= 0 : phases[i] >= options_.reach_rad;
    matrix_[i * n + i] = 1;
    if (held) continue;
    step_[i] = descent;
    free_.push_back(i);
  }
  for (const std::size_t i : free_) {
    for (const std::size_t j : free_) {
      if (j > i) break;
      double product = 0;
#pragma omp simd reduction(+ : product)
      for (std::size_t k = 0; k < n; ++k) product += at_.slopes[i * n + k] * at_.slopes[j * n + k];
      matrix_[i * n + j] = matrix_[j * n + i] = product;
    }
    matrix_[i * n + i] += damping * (matrix_[i * n + i] + 1e-3);
  }
  return eliminate(matrix_, step_);
}

double RingSetPoints::least_squares(std::span<const double> wanted, std::span<double> phases) {
  double squared = linearise(wanted, phases), damping = 1e-3;
  for (int round = 0; round < descent_rounds && damping < 1e6; ++round) {
    if (largest(miss_) < arrived || !damped_step(phases, damping)) break;
    trial_.assign(phases.begin(), phases.end());
    for (std::size_t k = 0; k < trial_.size(); ++k)
      trial_[k] = std::clamp(trial_[k] + step_[k], 0.0, options_.reach_rad);
    const double next = linearise(wanted, trial_);
    if (next >= squared) {  // back, more carefully
      damping *= 8;
      linearise(wanted, phases);
      continue;
    }
    const bool settled = squared - next < 1e-5 * squared;
    std::copy(trial_.begin(), trial_.end(), phases.begin());
    squared = next;
    damping /= 8;
    if (settled) break;
  }
  return squared;
}

RingBusMiss RingSetPoints::solve(std::span<const double> wanted, std::span<double> phases) {
  rounds_ = 0;
  start(wanted, phases);
  newton(wanted, phases);
  if (largest(miss_) >= arrived) {
    const double first = least_squares(wanted, phases);
    other_.assign(phases.size(), options_.reach_rad / 2);
    if (first > 0 && least_squares(wanted, other_) < first)
      std::copy(other_.begin(), other_.end(), phases.begin());
    linearise(wanted, phases);
  }
  RingBusMiss result{.rounds = rounds_};
  for (const double miss : miss_) {
    result.squared += miss * miss;
    result.missed += std::abs(miss) > options_.tolerance ? 1 : 0;
  }
  return result;
}

double RingSetPoints::round_flop(int rings) {
  constexpr double evaluation_flop = 24;  // of one ring at one wavelength, with its slope
  const double n = rings;
  return n * n * evaluation_flop + 2.0 / 3 * n * n * n + 2 * n * n;
}

}  // namespace lightloom::photonic

// Decomposition of Haar-random unitaries against the same algorithm as a plain loop over a
// row-major matrix (whole columns and rows, std::complex), one thread. Compare the two of one size
// in one run.
#include <benchmark/benchmark.h>

#include <cmath>
#include <complex>
#include <vector>

#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::photonic {
namespace {

/// The 2x2 that nulls, from the moduli and phase that its settings follow from.
struct Rotation {
  Complex tt, tb, bt, bb;
};

Rotation rotation(double theta, double phi) {
  const Complex turn = std::polar(1.0, phi), common = Complex(0, 1) * std::polar(1.0, theta / 2);
  const double s = std::sin(theta / 2), c = std::cos(theta / 2);
  return {common * turn * s, common * c, common * turn * c, -common * s};
}

/// The anti-diagonals of Clements et al. (2016) as a textbook writes them. Returns the sum of all
/// settings.
double plain_clements(SquareMatrix u) {
  const int n = u.size;
  double sum = 0;
  for (int i = 0; i + 1 < n; ++i)
    for (int j = 0; j <= i; ++j) {
      const bool right = i % 2 == 0;
      const int m = right ? i - j : n - 2 - i + j;
      const Complex a = right ? u(n - 1 - j, m) : u(m, j),
                    b = right ? u(n - 1 - j, m + 1) : u(m + 1, j);
      const double theta = right ? 2 * std::atan2(std::abs(b), std::abs(a))
                                 : 2 * std::atan2(std::abs(a), std::abs(b));
      const double phi = right ? std::arg(-a * std::conj(b)) : std::arg(b * std::conj(a));
      const Rotation t = rotation(theta, phi);
      for (int k = 0; k < n; ++k) {
        Complex& x = right ? u(k, m) : u(m, k);
        Complex& y = right ? u(k, m + 1) : u(m + 1, k);
        const Complex first =
            right ? x * std::conj(t.tt) + y * std::conj(t.tb) : t.tt * x + t.tb * y;
        y = right ? x * std::conj(t.bt) + y * std::conj(t.bb) : t.bt * x + t.bb * y;
        x = first;
      }
      sum += theta + phi;
    }
  return sum;
}

void plain_loop(benchmark::State& state) {
  const SquareMatrix u = haar_unitary(static_cast<int>(state.range(0)), Stream({.seed = 1}), 0);
  for (auto _ : state) benchmark::DoNotOptimize(plain_clements(u));
}
void clements(benchmark::State& state) {
  const SquareMatrix u = haar_unitary(static_cast<int>(state.range(0)), Stream({.seed = 1}), 0);
  for (auto _ : state) benchmark::DoNotOptimize(decompose_clements(u));
}
void reck(benchmark::State& state) {
  const SquareMatrix u = haar_unitary(static_cast<int>(state.range(0)), Stream({.seed = 1}), 0);
  for (auto _ : state) benchmark::DoNotOptimize(decompose_reck(u));
}

BENCHMARK(plain_loop)->Arg(16)->Arg(64)->Arg(128)->Arg(256)->Unit(benchmark::kMillisecond);
BENCHMARK(clements)->Arg(16)->Arg(64)->Arg(128)->Arg(256)->Unit(benchmark::kMillisecond);
BENCHMARK(reck)->Arg(16)->Arg(64)->Arg(128)->Arg(256)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lightloom::photonic

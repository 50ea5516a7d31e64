// Settings of a Clements mesh for a 5-point Fourier transform, and what ideal devices make of them.
#include <cmath>
#include <cstdio>
#include <lightloom/photonic.hpp>
#include <numbers>

int main() {
  const int n = 5;
  lightloom::ComplexMatrix fourier{n, n, {}};
  for (int r = 0; r < n; ++r)
    for (int c = 0; c < n; ++c)
      fourier.values.push_back(std::polar(1 / std::sqrt(n), 2 * std::numbers::pi * r * c / n));
  const auto found = lightloom::photonic::decompose_matrix(fourier);
  std::printf("decompose_matrix: %d MZIs in %d columns, error %.1e\n", found.devices, found.columns,
              found.error);
  return found.devices == n * (n - 1) / 2 && found.error < 1e-14 ? 0 : 1;
}

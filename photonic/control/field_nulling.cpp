#include "photonic/control/field_nulling.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "photonic/control/nulling_bench.hpp"
#include "photonic/devices/angle.hpp"

namespace lightloom::photonic {
namespace {

/// The zero of A + B e^{i theta} + C e^{i phi} + D e^{i (theta + phi)} nearest to `near` in theta:
/// |A + B e^{i theta}| = |C + D e^{i theta}| fixes theta on one of two branches, phi follows. Where
/// no theta does that, the least difference of the moduli.
Null zero_of(const std::array<Complex, 4>& coefficients, double near) {
  const auto [a, b, c, d] = coefficients;
  const Complex turning = mul(b, std::conj(a)) - mul(d, std::conj(c));
  const double constant = std::norm(a) + std::norm(b) - std::norm(c) - std::norm(d);
  const double swing = 2 * std::abs(turning), rho = std::arg(turning);
  // constant + swing cos(theta + rho) = 0
  Null null{.dark = std::abs(constant) <= swing * (1 + 1e-9)};
  const double angle = std::acos(swing > 0 ? std::clamp(-constant / swing, -1.0, 1.0) : 1.0);
  const double one = angle - rho, other = -angle - rho;
  null.theta = wrap_phase(angle_between(one, near) <= angle_between(other, near) ? one : other);
  const Complex turn = std::polar(1.0, null.theta);
  null.phi = std::arg(-mul(a + mul(b, turn), std::conj(c + mul(d, turn))));
  return null;
}

using FieldBench = NullingBench<FieldReader>;

/// What the outputs have of the light on the dark output of device k.
std::vector<Complex> response(FieldBench& bench, std::size_t k, std::span<const Complex> light) {
  if (bench.plan.probe(k) < 0) return {bench.read(light)[bench.plan.dark_mode(k)]};
  double& phase = bench.plan.shifter(k, bench.result.settings);
  phase = 0;
  std::vector<Complex> difference = bench.read(light);
  phase = std::numbers::pi;
  const std::vector<Complex> turned = bench.read(light);
  for (std::size_t i = 0; i < turned.size(); ++i) difference[i] -= turned[i];
  return difference;
}

double power_of(const std::vector<Complex>& fields) {
  double sum = 0;
  for (const Complex x : fields) sum += std::norm(x);
  return sum;
}

Null null_by_fields(FieldBench& bench, std::size_t k, double near) {
  // Sums over the signs of e^{i theta} and e^{i phi} pick the four coefficients out.
  std::array<std::vector<Complex>, 4> readings;
  const std::vector<Complex> light = bench.plan.light_for(k);
  for (unsigned setting = 0; setting < 4; ++setting) {
    bench.result.settings.theta[k] = (setting & 1) != 0 ? std::numbers::pi : 0;
    bench.result.settings.phi[k] = (setting & 2) != 0 ? std::numbers::pi : 0;
    readings[setting] = response(bench, k, light);
  }
  const auto& pattern =
      *std::max_element(readings.begin(), readings.end(),
                        [](const auto& x, const auto& y) { return power_of(x) < power_of(y); });
  std::array<Complex, 4> coefficients{};
  for (unsigned setting = 0; setting < 4; ++setting) {
    Complex amplitude = 0;  // of the guide, to a factor that does not change
    for (std::size_t i = 0; i < pattern.size(); ++i)
      amplitude += mul(std::conj(pattern[i]), readings[setting][i]);
    for (unsigned term = 0; term < 4; ++term)
      coefficients[term] += __builtin_popcount(setting & term) % 2 == 0 ? amplitude : -amplitude;
  }
  return zero_of(coefficients, near);
}

}  // namespace

NullingResult null_fields(const FieldReader& chip, const Topology& topology,
                          const MeshSettings& ideal) {
  FieldBench bench = nulled(chip, topology, ideal, null_by_fields);
  const std::vector<Complex> outputs = bench.read(bench.plan.light_for_screen());
  std::vector<double>& screen = bench.result.settings.screen;
  for (std::size_t m = 0; m < outputs.size(); ++m)
    screen[m] = wrap_phase(screen[m] - std::arg(outputs[m]));
  return std::move(bench.result);
}

}  // namespace lightloom::photonic

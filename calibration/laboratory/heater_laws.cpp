#include "calibration/laboratory/heater_laws.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "calibration/laboratory/gamma_search.hpp"
#include "calibration/laboratory/theta_search.hpp"
#include "calibration/model/light_paths.hpp"

namespace lightloom::calibration {
namespace {

using std::numbers::pi;

/// Finds every theta that shows, those first that others need.
void find_thetas(Bench& bench) {
  const std::vector<bool> silent = bench.silent();
  for (bool more = true; more;) {
    more = false;
    for (int k = 0; k < bench.shape().cells(); ++k)
      if (!silent[2 * static_cast<std::size_t>(k)] && !bench.theta(k).found)
        more = find_theta(bench, k, silent) || more;
  }
}

/// Light of one input that a change moves from port to port.
double moved(const std::vector<double>& before, const std::vector<double>& after) {
  double sum = 0;
  for (std::size_t p = 0; p < before.size(); ++p) sum += std::abs(after[p] - before[p]);
  return sum;
}

/// Whether a cell in one of its definite states sends light of `upper`, the input whose light
/// reaches its top arm, on from its top arm, and that of `lower` from its bottom arm. Seen at the
/// port behind it, or by flipping the cell that comes next there.
bool goes_straight(Bench& bench, int cell, int upper, int lower) {
  const photonic::Cell& own = bench.shape().topology.cells[static_cast<std::size_t>(cell)];
  // The one next to come gets light of one arm only.
  int port = own.top, next = next_cell(bench.shape(), cell, own.top, +1);
  const int other = next_cell(bench.shape(), cell, own.bottom, +1);
  if (next >= 0 && (other < next || bench.theta(next).silent)) {
    port = own.bottom;
    next = other;
  }
  std::array<double, 2> shows{};  // how much of each input's light is at `port`
  const std::array<std::vector<double>, 2> still{bench.read(upper), bench.read(lower)};
  if (next < 0) {
    shows = {still[0][static_cast<std::size_t>(port)], still[1][static_cast<std::size_t>(port)]};
  } else {
    double& square = bench.square(2 * next);
    const double held = square, half = pi / bench.theta(next).gamma;
    square += held > half ? -half : half;
    shows = {moved(still[0], bench.read(upper)), moved(still[1], bench.read(lower))};
    square = held;
  }
  return (shows[0] > shows[1]) == (port == own.top);
}

/// Brings every MZI to the bar state, in the order of light: those whose state is not told apart
/// are flipped where they turn out to be crossed.
void tell_bars(Bench& bench) {
  bench.scatter_phi();
  for (int k = 0; k < bench.shape().cells(); ++k) bench.set_theta(k, pi);
  std::vector<int> light;  // the input whose light is on each port
  for (int p = 0; p < bench.shape().ports(); ++p) light.push_back(p);
  for (int k = 0; k < bench.shape().cells(); ++k) {
    HeaterKnowledge& theta = bench.theta(k);
    if (theta.bar_by_law) continue;
    const photonic::Cell& cell = bench.shape().topology.cells[static_cast<std::size_t>(k)];
    int &upper = light[static_cast<std::size_t>(cell.top)],
        &lower = light[static_cast<std::size_t>(cell.bottom)];
    if (goes_straight(bench, k, upper, lower)) {
      theta.bar_found = theta.found;
    } else if (theta.found) {
      theta.bias_rad += pi;
      theta.bar_found = true;
      bench.set_theta(k, pi);
    } else {
      std::swap(upper, lower);  // it cannot be moved
    }
  }
}

}  // namespace

void find_laws(Bench& bench) {
  for (int h = 0; h < bench.shape().heater_count(); ++h) {
    // A phi heater on a port of the chip turns all light alike.
    const int top = bench.shape().topology.cells[static_cast<std::size_t>(h / 2)].top;
    if (h % 2 == 0 || next_cell(bench.shape(), h / 2, top, -1) >= 0) find_gamma(bench, h);
  }
  // The second time with the help of MZIs whose bar state the first has told apart.
  for (int pass = 0; pass < 2; ++pass) {
    find_thetas(bench);
    tell_bars(bench);
  }
}

}  // namespace lightloom::calibration

#include <algorithm>
#include <cmath>

#include "calibration/rings/ring_tasks.hpp"
#include "calibration/solvers/dense.hpp"

namespace lightloom::calibration {
namespace {

/// The peak of a line of a comb over its distance from another, in periods.
struct Height {
  double periods = 0, logarithm = 0;
};

/// Heights of the lines of a comb about one of them, nearest first.
std::vector<Height> heights_about(const Resonance& own, const Comb& comb,
                                  const std::vector<Resonance>& lines) {
  std::vector<Height> heights;
  for (const std::size_t i : comb.lines)
    if (lines[i].depth > 0)
      heights.push_back(
          {(lines[i].centre_nm - own.centre_nm) / comb.fsr_nm, std::log(lines[i].depth)});
  std::sort(heights.begin(), heights.end(), [](const Height& a, const Height& b) {
    return std::abs(a.periods) < std::abs(b.periods);
  });
  return heights;
}

/// Slope and bend of the logarithm of the heights over one period: a parabola through the nearest
/// seven, of which every second may be higher by a factor.
KnownEnvelope envelope_over(const std::vector<Height>& heights) {
  const auto count = static_cast<Eigen::Index>(std::min<std::size_t>(heights.size(), 7));
  if (count < 5) return {};
  Eigen::MatrixXd a(count, 4);
  Eigen::VectorXd b(count);
  for (Eigen::Index i = 0; i < count; ++i) {
    const auto [x, logarithm] = heights[static_cast<std::size_t>(i)];
    const bool second = std::lround(x) % 2 != 0;
    a.row(i) << 1, x, x * x, second ? 1 : -1;
    b[i] = logarithm;
  }
  const PivotedSolution solved = solve_pivoted(a, b, 1e-6);
  if (solved.rank < 4) return {};
  const double variance = (b - a * solved.x).squaredNorm() / static_cast<double>(count - 4);
  // What does not stand out of the scatter (a ripple moves heights as well) is no envelope.
  const auto shown = [&](Eigen::Index k, double most) {
    const bool clear = std::abs(solved.x[k]) > 3 * std::sqrt(variance * solved.covariance(k, k));
    return clear ? std::clamp(solved.x[k], -most, most) : 0;
  };
  return {0, shown(1, 2), shown(2, 1)};
}

}  // namespace

bool take_envelopes(const RingLines& known, std::vector<LineTask>& tasks) {
  bool changed = false;
  for (LineTask& task : tasks) {
    if (task.dips || !(task.period_nm > 0)) continue;
    const Resonance* own = nullptr;
    for (const Resonance& line : known.lines)
      if (line.comb >= 0 && line.centre_nm > task.from_nm && line.centre_nm < task.to_nm &&
          (own == nullptr || line.depth > own->depth))
        own = &line;
    if (own == nullptr) continue;
    const Comb& comb = known.combs[static_cast<std::size_t>(own->comb)];
    const KnownEnvelope over = envelope_over(heights_about(*own, comb, known.lines));
    task.envelope = {own->centre_nm, over.slope / comb.fsr_nm,
                     over.bend / (comb.fsr_nm * comb.fsr_nm)};
    changed = changed || 0.5 * std::abs(over.slope) + 0.25 * std::abs(over.bend) > 0.01;
  }
  return changed;
}

}  // namespace lightloom::calibration

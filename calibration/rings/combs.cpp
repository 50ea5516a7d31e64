#include "calibration/rings/combs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "calibration/elements/student.hpp"
#include "calibration/rings/lines/spectrum_noise.hpp"
#include "calibration/solvers/dense.hpp"

namespace lightloom::calibration {
namespace {

/// A mode: one line, or the doublet it is split into.
struct Mode {
  double nm = 0, sigma = 0;
  std::vector<std::size_t> lines;
};

std::vector<Mode> modes_of(const std::vector<Resonance>& lines) {
  std::vector<Mode> modes;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool pair = lines[i].split && i + 1 < lines.size() && lines[i + 1].split &&
                      lines[i + 1].centre_nm - lines[i].centre_nm <
                          3 * (lines[i].width_nm + lines[i + 1].width_nm) / 2;
    const Resonance& a = lines[i];
    if (!pair) {
      modes.push_back({a.centre_nm, a.centre_sigma, {i}});
      continue;
    }
    const Resonance& b = lines[++i];
    modes.push_back({0.5 * (a.centre_nm + b.centre_nm),
                     0.5 * std::hypot(a.centre_sigma, b.centre_sigma),
                     {i - 1, i}});
  }
  return modes;
}

/// Modes at equal distances in frequency, with their numbers.
struct Chain {
  std::vector<std::size_t> modes;
  std::vector<int> numbers;
  int missed = 0;

  [[nodiscard]] double score() const {
    const auto hits = static_cast<double>(modes.size());
    return hits - 1.5 * missed;
  }
};

/// Walks from one mode in a direction, one distance at a time; one in a row may be missing.
void walk(const std::vector<double>& at, const std::vector<char>& used, double distance,
          Chain& chain) {
  std::size_t current = chain.modes.back();
  int number = chain.numbers.back(), gap = 1;
  const double first = at.front(), last = at.back();
  while (true) {
    const double next = at[current] + gap * distance;
    if (next < std::min(first, last) - 0.2 * std::abs(distance) ||
        next > std::max(first, last) + 0.2 * std::abs(distance))
      return;
    std::size_t best = current;
    double off = 0.12 * std::abs(distance);
    for (std::size_t i = 0; i < at.size(); ++i) {
      if (used[i] != 0 || i == current || std::abs(at[i] - next) >= off) continue;
      best = i;
      off = std::abs(at[i] - next);
    }
    if (best == current) {
      ++chain.missed;
      if (++gap > 2) return;
      continue;
    }
    distance = 0.5 * distance + 0.5 * (at[best] - at[current]) / gap;
    number += gap * (chain.numbers.size() > 1 && chain.numbers[1] < chain.numbers[0] ? -1 : 1);
    chain.modes.push_back(best);
    chain.numbers.push_back(number);
    current = best;
    gap = 1;
  }
}

Chain chain_from(const std::vector<double>& at, const std::vector<char>& used, std::size_t a,
                 std::size_t b) {
  Chain up{.modes = {a, b}, .numbers = {0, 1}}, down{.modes = {b, a}, .numbers = {1, 0}};
  walk(at, used, at[b] - at[a], up);
  walk(at, used, at[a] - at[b], down);
  for (std::size_t i = 2; i < down.modes.size(); ++i) {
    up.modes.push_back(down.modes[i]);
    up.numbers.push_back(down.numbers[i]);
  }
  up.missed += down.missed;
  return up;
}

Chain best_chain(const std::vector<double>& at, const std::vector<char>& used) {
  Chain best;
  for (std::size_t a = 0; a < at.size(); ++a) {
    if (used[a] != 0) continue;
    for (std::size_t b = a + 1, seen = 0; b < at.size() && seen < 8; ++b) {
      if (used[b] != 0) continue;
      ++seen;
      Chain found = chain_from(at, used, a, b);
      if (best.modes.empty() || found.score() > best.score() + 0.01) best = std::move(found);
    }
    if (a > 40 && best.modes.size() > 20) break;  // hundreds of lines: a chain was long enough
  }
  return best;
}

/// Free spectral range at the middle, and the mean distance, from a parabola through the modes.
void measure(const std::vector<Mode>& modes, const Chain& chain, Comb& comb) {
  const auto count = static_cast<double>(chain.modes.size());
  const auto [low, high] = std::minmax_element(chain.numbers.begin(), chain.numbers.end());
  const auto at = [&](auto number) {
    return modes[chain.modes[static_cast<std::size_t>(number - chain.numbers.begin())]];
  };
  const Mode first = at(low), last = at(high);
  const double steps = *high - *low, middle = 0.5 * (*high + *low);
  comb.fsr_nm = std::abs(last.nm - first.nm) / steps;
  comb.fsr_sigma = std::hypot(first.sigma, last.sigma) / steps;
  const Eigen::Index powers = count >= 4 ? 3 : 2;
  Eigen::MatrixXd a(static_cast<Eigen::Index>(chain.modes.size()), powers);
  Eigen::VectorXd inverse(a.rows());  // 1 / lambda in 1/um
  for (Eigen::Index i = 0; i < a.rows(); ++i) {
    const auto k = static_cast<std::size_t>(i);
    const double x = chain.numbers[k] - middle;
    for (Eigen::Index p = 0; p < powers; ++p) a(i, p) = std::pow(x, static_cast<double>(p));
    inverse[i] = 1e3 / modes[chain.modes[k]].nm;
  }
  const PivotedSolution s = solve_pivoted(a, inverse, 1e-12);
  const double freedom = count - static_cast<double>(powers), nm = 1e3 / s.x[0];
  double variance = 0;
  if (freedom > 0) variance = (inverse - a * s.x).squaredNorm() / freedom;
  const double own = 1e3 / (nm * nm) * 0.5 * (first.sigma + last.sigma);
  const double reach = freedom > 0 ? student_95(static_cast<int>(freedom)) / 1.96 : 1;
  const double sigma =
      std::sqrt(std::max(reach * reach * variance, own * own) * s.covariance(1, 1));
  comb.centre_nm = nm;
  comb.optical_length_um = 1 / std::abs(s.x[1]);
  comb.optical_length_sigma = sigma / (s.x[1] * s.x[1]);
}

}  // namespace

void mark_doublets(std::vector<Resonance>& lines) {
  std::vector<double> gaps;
  for (std::size_t i = 1; i < lines.size(); ++i)
    gaps.push_back(lines[i].centre_nm - lines[i - 1].centre_nm);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const double gap = gaps[i - 1], width = 0.5 * (lines[i].width_nm + lines[i - 1].width_nm);
    std::vector<double> wider;
    for (const double other : gaps)
      if (other > 1.01 * gap) wider.push_back(other);
    const bool unusual = lines.size() == 2 || (!wider.empty() && gap < 0.3 * median_of(wider));
    if (gap < 3 * width && unusual) lines[i].split = lines[i - 1].split = true;
  }
}

std::vector<Comb> find_combs(std::vector<Resonance>& lines) {
  const std::vector<Mode> modes = modes_of(lines);
  std::vector<double> at;
  for (const Mode& mode : modes) at.push_back(1e3 / mode.nm);
  std::vector<char> used(modes.size(), 0);
  std::vector<Comb> combs;
  while (true) {
    const auto left = std::count(used.begin(), used.end(), 0);
    if (left < (combs.empty() ? 2 : 3)) break;
    const Chain chain = best_chain(at, used);
    if (chain.modes.size() < (combs.empty() ? 2 : 3)) break;
    Comb comb;
    double width = 0;
    for (const std::size_t m : chain.modes) {
      used[m] = 1;
      for (const std::size_t line : modes[m].lines) {
        lines[line].comb = static_cast<int>(combs.size());
        comb.lines.push_back(line);
        width += lines[line].width_nm;
      }
    }
    std::sort(comb.lines.begin(), comb.lines.end());
    measure(modes, chain, comb);
    comb.finesse = comb.fsr_nm / (width / static_cast<double>(comb.lines.size()));
    combs.push_back(std::move(comb));
  }
  return combs;
}

}  // namespace lightloom::calibration

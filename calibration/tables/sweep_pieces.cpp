#include "calibration/tables/sweep_pieces.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lightloom::calibration {
namespace {

/// A run of readings in rising order.
struct Piece {
  std::vector<double> x, y;
  bool turned = false;
  int first_line = 0, last_line = 0;
};

std::vector<Piece> pieces_of(const LabSweep& sweep) {
  std::vector<Piece> pieces;
  std::size_t from = 0;
  const std::size_t count = sweep.x.size();
  while (from < count) {
    std::size_t to = from + 1;
    while (to < count && sweep.x[to] == sweep.x[from]) ++to;  // a stitch, or a turn
    const bool falling = to < count && sweep.x[to] < sweep.x[from];
    while (to < count &&
           (falling ? sweep.x[to] <= sweep.x[to - 1] : sweep.x[to] >= sweep.x[to - 1]))
      ++to;
    const auto at = [](const std::vector<double>& v, std::size_t i) {
      return v.begin() + static_cast<std::ptrdiff_t>(i);
    };
    Piece piece{{at(sweep.x, from), at(sweep.x, to)},
                {at(sweep.y, from), at(sweep.y, to)},
                falling,
                sweep.lines[from],
                sweep.lines[to - 1]};
    if (falling) {
      std::reverse(piece.x.begin(), piece.x.end());
      std::reverse(piece.y.begin(), piece.y.end());
    }
    pieces.push_back(std::move(piece));
    from = to;
  }
  return pieces;
}

/// Linear interpolation; NaN outside.
double value_at(const Piece& piece, double x) {
  if (piece.x.size() < 2 || x < piece.x.front() || x > piece.x.back()) return NAN;
  const auto next = std::upper_bound(piece.x.begin() + 1, piece.x.end() - 1, x);
  const auto i = static_cast<std::size_t>(next - piece.x.begin());
  const double width = piece.x[i] - piece.x[i - 1];
  const double t = width > 0 ? (x - piece.x[i - 1]) / width : 0;
  return piece.y[i - 1] + t * (piece.y[i] - piece.y[i - 1]);
}

/// Factor by which `piece` lies above `before` where they overlap; 1 where that cannot be told.
double factor_over(const Piece& before, const Piece& piece) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < piece.x.size(); ++i) {
    const double other = value_at(before, piece.x[i]);
    if (std::isfinite(other) && other > 0 && piece.y[i] > 0) ratios.push_back(piece.y[i] / other);
  }
  if (ratios.size() < 3) return 1;
  std::sort(ratios.begin(), ratios.end());
  const std::size_t n = ratios.size();
  const double middle = ratios[n / 2], quarter = ratios[3 * n / 4] - ratios[n / 4];
  const double error = 1.5 * 0.74 * quarter / std::sqrt(static_cast<double>(n));
  return std::abs(middle - 1) > 3 * error + 0.003 ? middle : 1;
}

/// How two pieces differ where both have readings, the scale between them taken out.
struct Contradiction {
  double share = 0;    // of the later piece that lies within the other
  double largest = 0;  // difference over the range of the readings; 0: none beyond noise
};

Contradiction between(const Piece& before, const Piece& piece) {
  std::vector<double> differences, sizes;
  double low = INFINITY, high = -INFINITY;
  for (std::size_t i = 0; i < piece.x.size(); ++i) {
    const double other = value_at(before, piece.x[i]);
    if (!std::isfinite(other)) continue;
    differences.push_back(std::abs(piece.y[i] - other));
    low = std::min({low, other, piece.y[i]});
    high = std::max({high, other, piece.y[i]});
  }
  Contradiction found{static_cast<double>(differences.size()) /
                          static_cast<double>(std::min(piece.x.size(), before.x.size())),
                      0};
  if (differences.size() < 20 || !(high > low)) return found;
  sizes = differences;
  const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::nth_element(sizes.begin(), middle, sizes.end());
  const double bar = 0.1 * (high - low) + 10 * *middle;
  std::size_t beyond = 0;
  for (const double difference : differences) {
    if (difference < bar) continue;
    ++beyond;
    found.largest = std::max(found.largest, difference / (high - low));
  }
  if (beyond < std::max<std::size_t>(5, differences.size() / 200)) found.largest = 0;
  return found;
}

/// Takes out pieces that contradict the first over most of their range; names all that contradict.
void settle_contradictions(std::vector<Piece>& pieces, std::vector<std::string>& problems) {
  for (std::size_t k = 1; k < pieces.size();) {
    const Contradiction found = between(pieces[0], pieces[k]);
    if (!(found.largest > 0)) {
      ++k;
      continue;
    }
    const bool whole = found.share > 0.5;
    problems.push_back(
        fmt::format("two spectra in one file: the sweep in lines {} to {} differs from that in "
                    "lines {} to {} by "
                    "up to {:.0f} % of the range where both have readings (another device, port, "
                    "temperature or "
                    "power, or hysteresis); {}",
                    pieces[k].first_line, pieces[k].last_line, pieces[0].first_line,
                    pieces[0].last_line, 100 * found.largest,
                    whole ? "only the first is fitted (give the other in a file of its own)"
                          : "they are joined as they are"));
    if (whole)
      pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(k));
    else
      ++k;
  }
}

/// Readings at one wavelength that no noise makes so different.
void name_differing(const LabSweep& sweep, const std::vector<double>& spreads,
                    std::vector<std::string>& problems) {
  const auto [low, high] = std::minmax_element(sweep.y.begin(), sweep.y.end());
  const double bar = 0.2 * (*high - *low);
  const auto beyond =
      std::count_if(spreads.begin(), spreads.end(), [&](double spread) { return spread > bar; });
  if (!(bar > 0) || beyond < 5 || 20 * beyond < static_cast<std::ptrdiff_t>(spreads.size())) return;
  problems.push_back(fmt::format(
      "readings at one wavelength differ by up to {:.0f} % of their range, at {} of {} wavelengths "
      "that stand there twice (several ports or devices in one column? give each in a file of its "
      "own); their means are fitted",
      100 * *std::max_element(spreads.begin(), spreads.end()) / (*high - *low), beyond,
      spreads.size()));
}

void average_equal(LabSweep& sweep, std::vector<std::string>& notes,
                   std::vector<std::string>& problems) {
  std::vector<std::size_t> order(sweep.x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return sweep.x[a] < sweep.x[b]; });
  std::vector<double> x, y, spreads;
  std::size_t repeated = 0;
  for (std::size_t i = 0; i < order.size();) {
    std::size_t to = i;
    double sum = 0, low = INFINITY, high = -INFINITY;
    for (; to < order.size() &&
           sweep.x[order[to]] - sweep.x[order[i]] <= 1e-10 * std::abs(sweep.x[order[i]]);
         ++to) {
      const double reading = sweep.y[order[to]];
      sum += reading;
      low = std::min(low, reading);
      high = std::max(high, reading);
    }
    if (to > i + 1) spreads.push_back(high - low);
    x.push_back(sweep.x[order[i]]);
    y.push_back(sum / static_cast<double>(to - i));
    repeated += to - i - 1;
    i = to;
  }
  if (repeated > 0)
    notes.push_back(fmt::format(
        "{} readings at wavelengths measured before are averaged with those", repeated));
  name_differing(sweep, spreads, problems);
  sweep.x = std::move(x);
  sweep.y = std::move(y);
}

}  // namespace

void join_pieces(LabSweep& sweep, std::vector<std::string>& notes,
                 std::vector<std::string>& problems) {
  std::vector<Piece> pieces = pieces_of(sweep);
  if (pieces.size() == 1 && pieces[0].turned)
    notes.push_back("the sweep falls: it is read backwards");
  if (pieces.size() > 1 && pieces.size() <= 100) {
    notes.push_back(fmt::format("the sweep consists of {} pieces: they are joined", pieces.size()));
    for (std::size_t k = 1; k < pieces.size(); ++k) {
      const double factor = factor_over(pieces[k - 1], pieces[k]);
      if (factor == 1) continue;
      for (double& y : pieces[k].y) y /= factor;
      notes.push_back(
          fmt::format("piece {} is scaled by {:.4g} to the one before, where both have readings",
                      k + 1, 1 / factor));
    }
    settle_contradictions(pieces, problems);
    sweep.x.clear();
    sweep.y.clear();
    for (std::size_t k = 0; k < pieces.size(); ++k) {
      sweep.x.insert(sweep.x.end(), pieces[k].x.begin(), pieces[k].x.end());
      sweep.y.insert(sweep.y.end(), pieces[k].y.begin(), pieces[k].y.end());
    }
  }
  average_equal(sweep, notes, problems);
}

}  // namespace lightloom::calibration

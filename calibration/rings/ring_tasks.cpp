#include "calibration/rings/ring_tasks.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "calibration/rings/combs.hpp"
#include "calibration/rings/lines/spectrum_noise.hpp"

namespace lightloom::calibration {
namespace {

using Trace = std::span<const double>;

/// The modes of a comb: lines, doublets by the middle of both. Among doublets, a line alone at an
/// end of the comb is half of one that the sweep cuts.
std::vector<double> centres_of(const Comb& comb, const std::vector<Resonance>& lines) {
  std::vector<double> centres;
  std::vector<char> pairs;
  double before = -INFINITY;
  for (const std::size_t i : comb.lines) {
    const double own = lines[i].centre_nm;
    const bool pair = own - before < 0.5 * comb.fsr_nm;
    if (pair) {
      centres.back() = 0.5 * (before + own);
      pairs.back() = 1;
    } else {
      centres.push_back(own);
      pairs.push_back(0);
    }
    before = own;
  }
  if (centres.size() < 4 || std::count(pairs.begin(), pairs.end(), 1) < 2) return centres;
  if (pairs.back() == 0) centres.pop_back();
  if (pairs.front() == 0) centres.erase(centres.begin());
  return centres;
}

bool alike(const Resonance& a, const Resonance& b) {
  constexpr double factor = 1.5;
  return a.width_nm < factor * b.width_nm && b.width_nm < factor * a.width_nm;
}

/// The least distance of lines like `own` that are not of the first comb, where some stand off
/// every comb: others between them may be hidden, so a comb may skip most of its lines. 0: none.
double least_distance(const std::vector<Resonance>& lines, const Resonance& own) {
  double least = 0, before = -INFINITY;
  bool off = false;
  for (const Resonance& line : lines) {
    if (line.comb == 0 || line.split || !alike(line, own)) continue;
    off = off || line.comb < 0;
    const double distance = line.centre_nm - before;
    if (std::isfinite(distance) && (least == 0 || distance < least)) least = distance;
    before = line.centre_nm;
  }
  return off && least > 3 * own.width_nm ? least : 0;
}

/// Distance of the lines of a comb about one of them: the mean of the two beside it, at an end of
/// the comb by how they change.
double period_at(const Comb& comb, const std::vector<Resonance>& lines, double nm) {
  const std::vector<double> centres = centres_of(comb, lines);
  std::vector<double> at, gaps;  // distances, and where they are
  for (std::size_t i = 1; i < centres.size(); ++i) {
    const double steps = std::max(1.0, std::round((centres[i] - centres[i - 1]) / comb.fsr_nm));
    at.push_back(0.5 * (centres[i - 1] + centres[i]));
    gaps.push_back((centres[i] - centres[i - 1]) / steps);
  }
  if (gaps.size() < 2) return comb.fsr_nm;
  std::size_t i = 1;
  while (i + 1 < at.size() && at[i] < nm) ++i;
  const double slope = (gaps[i] - gaps[i - 1]) / (at[i] - at[i - 1]);
  return gaps[i - 1] + std::clamp(slope, -0.01, 0.01) * (nm - at[i - 1]);
}

}  // namespace

std::vector<LineTask> tasks_of(const std::vector<LineGuess>& guesses, const CutLines& cut,
                               Trace wavelength_nm, bool dips) {
  std::vector<double> gaps;
  for (std::size_t i = 1; i < guesses.size(); ++i)
    gaps.push_back(guesses[i].centre_nm - guesses[i - 1].centre_nm);
  const double usual = upper_quartile_of(gaps);  // doublets have a short gap and a long one
  std::vector<LineTask> tasks;
  for (std::size_t i = 0; i < guesses.size(); ++i) {
    const double width = guesses[i].width_nm;
    const double gap = i > 0 ? gaps[i - 1] : INFINITY,
                 wider = i > 0 ? std::max(width, guesses[i - 1].width_nm) : 0;
    const bool close = gap < 1.6 * wider || (gap < 4 * wider && gap < 0.5 * usual) ||
                       (guesses.size() == 2 && gap < 4 * wider);
    if (!close || tasks.back().guesses.size() > 3) tasks.push_back({.guesses = {}, .dips = dips});
    tasks.back().guesses.push_back(guesses[i]);
  }
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const LineGuess &first = tasks[t].guesses.front(), &last = tasks[t].guesses.back();
    const double before = t > 0       ? tasks[t - 1].guesses.back().centre_nm
                          : cut.front ? wavelength_nm.front()
                                      : -INFINITY,
                 after = t + 1 < tasks.size() ? tasks[t + 1].guesses.front().centre_nm
                         : cut.back           ? wavelength_nm.back()
                                              : INFINITY;
    const double step = (wavelength_nm.back() - wavelength_nm.front()) /
                        static_cast<double>(wavelength_nm.size() - 1);
    const double reach = std::max(8 * std::max(first.width_nm, last.width_nm), 12 * step);
    tasks[t].from_nm = std::max(
        {first.centre_nm - reach, 0.5 * (before + first.centre_nm), wavelength_nm.front()});
    tasks[t].to_nm =
        std::min({last.centre_nm + reach, 0.5 * (after + last.centre_nm), wavelength_nm.back()});
  }
  return tasks;
}

void allow_periods(Trace wavelength_nm, std::vector<LineTask>& tasks) {
  if (tasks.size() != 1) return;
  LineTask& only = tasks.front();
  only.shortest_period_nm = std::max(only.guesses.front().centre_nm - wavelength_nm.front(),
                                     wavelength_nm.back() - only.guesses.back().centre_nm);
}

bool take_periods(const RingLines& known, Trace wavelength_nm, std::vector<LineTask>& tasks) {
  const auto& [lines, combs] = known;
  bool changed = false;
  for (LineTask& task : tasks) {
    const double low = task.guesses.front().centre_nm, high = task.guesses.back().centre_nm;
    const Resonance* own = nullptr;
    double left = wavelength_nm.front(), right = wavelength_nm.back();
    for (const Resonance& line : lines) {
      const bool inside = line.centre_nm > task.from_nm && line.centre_nm < task.to_nm;
      if (inside && (own == nullptr || line.depth > own->depth)) own = &line;
    }
    if (own == nullptr) continue;
    const double shortest = own->comb == 0 ? 0 : least_distance(lines, *own);
    if (shortest > 0 && task.guesses.size() == 1) {
      task.shortest_period_nm = 0.97 * shortest;  // by dispersion it may be less elsewhere
      changed = true;
      continue;
    }
    if (own->comb < 0) continue;
    const Comb& comb = combs[static_cast<std::size_t>(own->comb)];
    const double period = period_at(comb, lines, own->centre_nm);
    if (period < 1.3 * own->width_nm || high - low > 0.5 * period) continue;
    for (const Resonance& line : lines) {  // strangers keep their half of the way
      if (line.centre_nm < task.from_nm) left = std::max(left, 0.5 * (line.centre_nm + low));
      if (line.centre_nm > task.to_nm) right = std::min(right, 0.5 * (line.centre_nm + high));
    }
    const double ripple = task.ripple_per_nm > 0 ? 4 * std::numbers::pi / task.ripple_per_nm : 0;
    const double reach =
        std::min(0.5 * period,
                 std::max({8 * own->width_nm, 0.5 * (high - low) + 2 * own->width_nm, ripple}));
    // Two combs between one another: each has its own period, and the other's lines beside it.
    task.period_nm = alternation_of(comb, lines).sure ? 2 * period : period;
    task.from_nm = std::max(left, own->centre_nm - reach);
    task.to_nm = std::min(right, own->centre_nm + reach);
    changed = true;
  }
  return changed;
}

namespace {

/// A comb's line: which comb, and which half of it if its depths alternate.
struct Family {
  int comb = -1, half = 0;

  friend bool operator==(const Family&, const Family&) = default;
};

Family family_of(const RingLines& known, const FittedLine& fitted) {
  for (std::size_t i = 0; i < known.lines.size(); ++i) {
    const int index = known.lines[i].comb;
    if (known.lines[i].centre_nm != fitted.centre_nm || index < 0) continue;
    const Comb& comb = known.combs[static_cast<std::size_t>(index)];
    const auto at = std::find(comb.lines.begin(), comb.lines.end(), i) - comb.lines.begin();
    const bool halves = alternation_of(comb, known.lines).sure;
    return {index, halves ? static_cast<int>(at % 2) : 0};
  }
  return {};
}

}  // namespace

bool take_neighbours(const RingLines& known, const std::vector<FittedPiece>& pieces,
                     std::vector<LineTask>& tasks) {
  std::vector<std::vector<Family>> families(pieces.size());
  for (std::size_t p = 0; p < pieces.size(); ++p)
    for (const FittedLine& line : pieces[p].fit.lines)
      families[p].push_back(family_of(known, line));
  bool any = false;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    LineTask& task = tasks[t];
    task.beside.clear();
    if (families[t].empty() || (!task.dips && !(task.period_nm > 0))) continue;
    const Family own = families[t].front();
    for (std::size_t p = 0; p < pieces.size(); ++p) {
      for (std::size_t k = 0; k < families[p].size() && p != t; ++k) {
        const Family& other = families[p][k];
        if (task.period_nm > 0 && other.comb >= 0 && other == own) continue;
        if (!task.dips && other.comb < 0) continue;
        FittedLine line = pieces[p].fit.lines[k];
        if (!task.dips) line.alpha /= task.envelope.power(line.centre_nm);
        task.beside.push_back(line);
      }
    }
    any = any || !task.beside.empty();
  }
  return any;
}

void take_ripple(const SpectrumRipple& ripple, std::vector<LineTask>& tasks) {
  for (LineTask& task : tasks) {
    task.ripple_per_nm = ripple.per_nm;
    task.ripple_amplitude = 1.5 * ripple.amplitude;
  }
}

}  // namespace lightloom::calibration

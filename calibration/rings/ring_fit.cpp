#include "calibration/rings/ring_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "calibration/elements/spoiled.hpp"
#include "calibration/rings/combs.hpp"
#include "calibration/rings/line_fit.hpp"
#include "calibration/rings/line_search.hpp"
#include "calibration/rings/ring_problems.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

using std::numbers::pi;
using Trace = std::span<const double>;

void check(Trace wavelength_nm, Trace power) {
  require(wavelength_nm.size() == power.size(), "ring: {} wavelengths but {} powers",
          wavelength_nm.size(), power.size());
  require(power.size() >= 8, "ring: {} points (8 at least)", power.size());
  for (std::size_t i = 0; i < power.size(); ++i) {
    require(std::isfinite(power[i]) && std::isfinite(wavelength_nm[i]),
            "ring: point {} is not a number", i);
    require(i == 0 || wavelength_nm[i] > wavelength_nm[i - 1],
            "ring: the wavelengths do not rise at point {}", i);
  }
}

double most_standing(const std::vector<LineGuess>& lines) {
  double most = 0;
  for (const LineGuess& line : lines) most = std::max(most, line.standing);
  return most;
}

/// How far the clearest line stands over the noise, for its width: between dips, and where light
/// comes through an envelope, there are broad peaks. Lines far less clear than `most` do not count.
double clarity_of(const std::vector<LineGuess>& lines, double most) {
  double clearest = 0;
  for (const LineGuess& line : lines)
    if (line.standing > std::max(0.2 * most, std::min(14.0, 0.5 * most)))
      clearest = std::max(clearest, line.standing / std::sqrt(line.width_nm));
  return clearest;
}

/// Lines at the port where they are clearer.
std::vector<LineGuess> guess_lines(Trace wavelength_nm, Trace power, RingPort port, RingFit& fit) {
  const SpectrumNoise noise = noise_of(power);
  std::vector<LineGuess> dips, peaks;
  if (port != RingPort::drop) dips = find_lines(wavelength_nm, power, noise, -1);
  if (port != RingPort::through) peaks = find_lines(wavelength_nm, power, noise, 1);
  const double most = std::max(most_standing(dips), most_standing(peaks));
  fit.dips = port == RingPort::through ||
             (port == RingPort::automatic && clarity_of(dips, most) >= clarity_of(peaks, most));
  return fit.dips ? dips : peaks;
}

double upper_quartile(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(3 * values.size() / 4);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

/// Groups of lines that overlap, each with its range of the sweep.
std::vector<LineTask> tasks_of(const std::vector<LineGuess>& guesses, const CutLines& cut,
                               Trace wavelength_nm, bool dips) {
  std::vector<double> gaps;
  for (std::size_t i = 1; i < guesses.size(); ++i)
    gaps.push_back(guesses[i].centre_nm - guesses[i - 1].centre_nm);
  const double usual = upper_quartile(gaps);  // doublets have a short gap and a long one
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

double step_at(Trace wavelength_nm, double nm) {
  const auto at = std::lower_bound(wavelength_nm.begin() + 1, wavelength_nm.end() - 1, nm);
  return *at - *(at - 1);
}

/// A line as users know it.
Resonance resonance_of(const FittedLine& line, const LineFit& fit) {
  const double period_nm = fit.shape.period_nm;
  // Half of a peak of Airy's function, and half way between its extremes, are 1 / C of a width
  // apart (C = 1 / sin^2 (pi w / 2 P)): both are in use, so the interval holds both.
  double half_depth = line.width_nm;
  if (period_nm > 0) {
    const double sine = std::sin(std::min(0.5 * pi * line.width_nm / period_nm, 0.49 * pi));
    half_depth = period_nm * 2 / pi * std::asin(sine / std::sqrt(1 + 2 * sine * sine));
  }
  Resonance r{.centre_nm = line.centre_nm, .centre_sigma = line.centre_sigma};
  r.width_nm = 0.5 * (half_depth + line.width_nm);
  const double apart = 0.5 * (line.width_nm - half_depth) + fit.width_reach * line.width_nm,
               left = fit.residual * std::sqrt(std::max(0.0, 1 - 1 / (fit.misfit * fit.misfit))),
               // What the model leaves besides noise moves a width by about its share of the depth.
      noise = std::hypot(line.width_sigma * r.width_nm / line.width_nm, left * r.width_nm);
  r.width_sigma = noise + apart / 1.96;
  r.depth = fit.shape.dips ? 1 - line.least : line.alpha;
  r.quality = r.centre_nm / r.width_nm;
  r.quality_sigma = r.quality * r.width_sigma / r.width_nm;
  const double reach = 2.1 * noise + apart;  // a little over 1.96: sigma itself is estimated
  r.quality_low = r.centre_nm / (r.width_nm + reach);
  r.quality_high = r.centre_nm / std::max(r.width_nm - reach, 0.02 * r.width_nm);
  r.asymmetry = line.alpha != 0 ? line.beta / line.alpha : 0;
  r.misfit = fit.misfit;
  if (!fit.shape.dips) return r;
  r.extinction_db = -10 * std::log10(std::max(line.least, 1e-12));
  const double bottom = std::sqrt(std::clamp(1 + line.alpha, 0.0, 1.0));
  r.intrinsic_under = 2 * r.quality / (1 + bottom);
  r.intrinsic_over = 2 * r.quality / std::max(1 - bottom, 1e-12);
  return r;
}

struct Pass {
  std::vector<FittedPiece> pieces;
  std::vector<Resonance> lines;
};

Pass fit_tasks(const std::vector<LineTask>& tasks, Trace wavelength_nm, Trace power,
               const std::vector<char>& spoiled) {
  Pass pass;
  for (const LineTask& task : tasks) {
    FittedPiece piece{fit_lines(task, wavelength_nm, power, spoiled), 0, 0};
    for (const LineGuess& guess : task.guesses)
      piece.width_nm = std::max(piece.width_nm, guess.width_nm);
    for (const FittedLine& line : piece.fit.lines)
      pass.lines.push_back(resonance_of(line, piece.fit));
    piece.step_nm = step_at(wavelength_nm, 0.5 * (task.from_nm + task.to_nm));
    pass.pieces.push_back(std::move(piece));
  }
  std::sort(pass.lines.begin(), pass.lines.end(),
            [](const Resonance& a, const Resonance& b) { return a.centre_nm < b.centre_nm; });
  mark_doublets(pass.lines);
  return pass;
}

/// Lines that stand alone may have any period that puts no other line into the sweep.
void allow_periods(Trace wavelength_nm, std::vector<LineTask>& tasks) {
  if (tasks.size() != 1) return;
  LineTask& only = tasks.front();
  only.shortest_period_nm = std::max(only.guesses.front().centre_nm - wavelength_nm.front(),
                                     wavelength_nm.back() - only.guesses.back().centre_nm);
}

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

/// Gives tasks whose lines are of one comb its period and half of it to either side; lines whose
/// comb is not sure are tried with several.
bool take_periods(const Pass& pass, const std::vector<Comb>& combs, Trace wavelength_nm,
                  std::vector<LineTask>& tasks) {
  bool changed = false;
  for (LineTask& task : tasks) {
    const double low = task.guesses.front().centre_nm, high = task.guesses.back().centre_nm;
    const Resonance* own = nullptr;
    double left = wavelength_nm.front(), right = wavelength_nm.back();
    for (const Resonance& line : pass.lines) {
      const bool inside = line.centre_nm > task.from_nm && line.centre_nm < task.to_nm;
      if (inside && (own == nullptr || line.depth > own->depth)) own = &line;
    }
    if (own == nullptr) continue;
    const double shortest = own->comb == 0 ? 0 : least_distance(pass.lines, *own);
    if (shortest > 0 && task.guesses.size() == 1) {
      task.shortest_period_nm = 0.97 * shortest;  // by dispersion it may be less elsewhere
      changed = true;
      continue;
    }
    if (own->comb < 0) continue;
    const Comb& comb = combs[static_cast<std::size_t>(own->comb)];
    const double period = period_at(comb, pass.lines, own->centre_nm);
    if (period < 1.3 * own->width_nm || high - low > 0.5 * period) continue;
    for (const Resonance& line : pass.lines) {  // strangers keep their half of the way
      if (line.centre_nm < task.from_nm) left = std::max(left, 0.5 * (line.centre_nm + low));
      if (line.centre_nm > task.to_nm) right = std::min(right, 0.5 * (line.centre_nm + high));
    }
    const double reach =
        std::min(0.5 * period, std::max(8 * own->width_nm, 0.5 * (high - low) + 2 * own->width_nm));
    task.period_nm = period;
    task.from_nm = std::max(left, own->centre_nm - reach);
    task.to_nm = std::min(right, own->centre_nm + reach);
    changed = true;
  }
  return changed;
}

void note_outliers(const Pass& pass, RingFit& fit) {
  for (const FittedPiece& piece : pass.pieces)
    for (const double nm : piece.fit.outliers_nm)
      fit.notes.push_back(fmt::format("the reading at {:.4f} nm stands alone and is left out", nm));
}

void finish(Pass pass, Trace wavelength_nm, RingFit& fit) {
  fit.resonances = std::move(pass.lines);
  fit.combs = find_combs(fit.resonances);
  std::vector<double> bases;
  for (const FittedPiece& piece : pass.pieces) {
    bases.push_back(piece.fit.base);
    fit.rms = std::max(fit.rms, piece.fit.residual);
  }
  fit.baseline = median_of(bases);
  if (!fit.combs.empty()) {
    fit.fsr_nm = fit.combs.front().fsr_nm;
    fit.fsr_sigma = fit.combs.front().fsr_sigma;
    fit.finesse = fit.combs.front().finesse;
  }
  if (fit.resonances.empty())
    fit.problems.push_back("no resonance: what stands out of the noise has the shape of no line");
  name_line_problems(pass.pieces, wavelength_nm, fit);
  note_outliers(pass, fit);
  name_comb_problems(fit);
}

}  // namespace

RingFit fit_ring(Trace wavelength_nm, Trace power, const RingOptions& options) {
  check(wavelength_nm, power);
  RingFit fit;
  const SpoiledReadings spoiled = find_spoiled(power);
  const std::vector<LineGuess> guesses = guess_lines(wavelength_nm, power, options.port, fit);
  if (guesses.empty()) {
    fit.problems.push_back("no resonance: nothing stands out of the noise");
    name_cut_lines(find_cut_lines(guesses, wavelength_nm, power, fit.dips), wavelength_nm, fit);
    return fit;
  }
  const CutLines cut = find_cut_lines(guesses, wavelength_nm, power, fit.dips);
  std::vector<LineTask> tasks = tasks_of(guesses, cut, wavelength_nm, fit.dips);
  allow_periods(wavelength_nm, tasks);
  Pass pass = fit_tasks(tasks, wavelength_nm, power, spoiled.spoiled);
  const std::vector<Comb> combs = find_combs(pass.lines);
  if (!combs.empty() && take_periods(pass, combs, wavelength_nm, tasks))
    pass = fit_tasks(tasks, wavelength_nm, power, spoiled.spoiled);
  fit.problems = spoiled.problems;
  finish(std::move(pass), wavelength_nm, fit);
  name_cut_lines(cut, wavelength_nm, fit);
  return fit;
}

}  // namespace lightloom::calibration

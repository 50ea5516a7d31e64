#include "calibration/rings/ring_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "calibration/elements/spoiled.hpp"
#include "calibration/rings/combs.hpp"
#include "calibration/rings/lines/line_fit.hpp"
#include "calibration/rings/lines/line_search.hpp"
#include "calibration/rings/lines/lone_readings.hpp"
#include "calibration/rings/ring_problems.hpp"
#include "calibration/rings/ring_tasks.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

using std::numbers::pi;
using Trace = std::span<const double>;

/// A sweep, and which of its readings are at an end of the instrument.
struct RingSweep {
  Trace wavelength_nm, power;
  std::vector<char>& spoiled;
};

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

void note_outlier(double nm, RingFit& fit) {
  fit.notes.push_back(fmt::format("the reading at {:.4f} nm stands alone and is left out", nm));
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
std::vector<LineGuess> guess_lines(const RingSweep& readings, const RingOptions& options,
                                   RingFit& fit) {
  const auto& [wavelength_nm, power, spoiled] = readings;
  const RingPort port = options.port;
  std::vector<double> sound;  // what an instrument's end repeats has no noise
  for (std::size_t i = 0; i < power.size(); ++i)
    if (spoiled[i] == 0) sound.push_back(power[i]);
  const SpectrumNoise noise = noise_of(sound.size() >= 8 ? Trace(sound) : power);
  std::vector<LineGuess> dips, peaks;
  if (port != RingPort::drop) dips = find_lines(wavelength_nm, power, noise, -1);
  if (port != RingPort::through) peaks = find_lines(wavelength_nm, power, noise, 1);
  const double most = std::max(most_standing(dips), most_standing(peaks));
  fit.dips = port == RingPort::through ||
             (port == RingPort::automatic && clarity_of(dips, most) >= clarity_of(peaks, most));
  return fit.dips ? dips : peaks;
}

/// The same without readings that stand alone, which are marked as such, unless those are all there
/// is: lines far narrower than a step.
std::vector<LineGuess> guess_calm_lines(const RingSweep& readings, const RingOptions& options,
                                        RingFit& fit) {
  const CalmSweep calm = without_lone_readings(readings.power, noise_of(readings.power));
  std::vector<LineGuess> guesses =
      guess_lines({readings.wavelength_nm, calm.power, readings.spoiled}, options, fit);
  if (guesses.empty()) return guess_lines(readings, options, fit);
  for (const std::size_t i : calm.lone) {
    readings.spoiled[i] = lone_reading;
    note_outlier(readings.wavelength_nm[i], fit);
  }
  return guesses;
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
  bool dips = true;
};

Pass fit_tasks(const std::vector<LineTask>& tasks, Trace wavelength_nm, Trace power,
               const std::vector<char>& spoiled) {
  Pass pass;
  pass.dips = tasks.empty() || tasks.front().dips;
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

SpectrumRipple ripple_of(const Pass& pass) {
  std::vector<RippleEvidence> evidence;
  for (const FittedPiece& piece : pass.pieces) evidence.push_back(piece.fit.evidence);
  return find_ripple(evidence);
}

void note_outliers(const Pass& pass, RingFit& fit) {
  for (const FittedPiece& piece : pass.pieces)
    for (const double nm : piece.fit.outliers_nm) note_outlier(nm, fit);
}

/// Whether a line off every comb is like those of the first one: ripples, outliers and ends of the
/// sweep that a fit took for lines are far shallower or narrower, or lie at the end.
bool is_doubtful(const Resonance& line, const Pass& pass, const Comb& comb, Trace wavelength_nm) {
  if (line.comb >= 0 || comb.lines.size() < 3) return false;
  std::vector<double> depths, widths;
  for (const std::size_t i : comb.lines) {
    depths.push_back(pass.lines[i].depth);
    widths.push_back(pass.lines[i].width_nm);
  }
  const bool shallow = pass.dips && line.depth < 0.1 * median_of(depths),
             narrow = line.width_nm < 0.1 * median_of(widths),
             at_end = line.centre_nm - line.width_nm < wavelength_nm.front() ||
                      line.centre_nm + line.width_nm > wavelength_nm.back();
  return shallow || narrow || at_end;
}

/// Leaves doubtful lines out, and says where they are.
void drop_doubtful(Trace wavelength_nm, Pass& pass, RingFit& fit) {
  const std::vector<Comb> combs = find_combs(pass.lines);
  if (combs.empty()) return;
  std::vector<double> gone;
  for (const Resonance& line : pass.lines)
    if (is_doubtful(line, pass, combs.front(), wavelength_nm)) gone.push_back(line.centre_nm);
  const auto is_gone = [&](const auto& line) {
    return std::find(gone.begin(), gone.end(), line.centre_nm) != gone.end();
  };
  std::erase_if(pass.lines, is_gone);
  for (FittedPiece& piece : pass.pieces) std::erase_if(piece.fit.lines, is_gone);
  for (const double nm : gone)
    fit.notes.push_back(
        fmt::format("what is at {:.4f} nm is left out: off the comb of the lines, and far "
                    "shallower or narrower "
                    "than they are, or cut off by the end of the sweep",
                    nm));
}

void finish(Pass pass, Trace wavelength_nm, RingFit& fit) {
  drop_doubtful(wavelength_nm, pass, fit);
  for (Resonance& line : pass.lines) line.split = false;
  mark_doublets(pass.lines);
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
  SpoiledReadings spoiled = find_spoiled(power);
  std::vector<LineGuess> guesses =
      guess_calm_lines({wavelength_nm, power, spoiled.spoiled}, options, fit);
  if (guesses.empty()) {
    fit.problems.push_back("no resonance: nothing stands out of the noise");
    name_cut_lines(find_cut_lines(guesses, wavelength_nm, power, fit.dips), wavelength_nm, fit);
    return fit;
  }
  const CutLines cut = find_cut_lines(guesses, wavelength_nm, power, fit.dips);
  std::vector<LineTask> tasks = tasks_of(guesses, cut, wavelength_nm, fit.dips);
  allow_periods(wavelength_nm, tasks);
  const auto again = [&] { return fit_tasks(tasks, wavelength_nm, power, spoiled.spoiled); };
  Pass pass = again();
  std::vector<Comb> combs = find_combs(pass.lines);
  // Lorentzians of a comb leave what looks like a ripple of its own period.
  if (!combs.empty() && take_periods({pass.lines, combs}, wavelength_nm, tasks)) {
    pass = again();
    combs = find_combs(pass.lines);
  }
  SpectrumRipple ripple = ripple_of(pass);
  for (int round = 0; round < 2; ++round) {
    take_ripple(ripple, tasks);
    if (ripple.per_nm > 0 && !combs.empty())
      take_periods({pass.lines, combs}, wavelength_nm, tasks);
    const bool envelopes = take_envelopes({pass.lines, combs}, tasks),
               beside = take_neighbours({pass.lines, combs}, pass.pieces, tasks);
    if (!envelopes && !beside && !(ripple.per_nm > 0)) break;
    pass = again();
    combs = find_combs(pass.lines);
    // Pieces now reach over two periods and more, which tells them far better.
    const SpectrumRipple next = ripple_of(pass);
    if (std::abs(next.per_nm - ripple.per_nm) <= 0.05 * ripple.per_nm) break;
    ripple = next;
  }
  fit.problems = spoiled.problems;
  finish(std::move(pass), wavelength_nm, fit);
  name_cut_lines(cut, wavelength_nm, fit);
  return fit;
}

}  // namespace lightloom::calibration

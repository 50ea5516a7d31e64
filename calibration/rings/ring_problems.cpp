#include "calibration/rings/ring_problems.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "calibration/rings/combs.hpp"

namespace lightloom::calibration {
namespace {

/// "1540.123, 1548.200 and 7 more"
std::string places(const std::vector<double>& nm) {
  const std::size_t shown = std::min<std::size_t>(nm.size(), 4);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < shown; ++i) texts.push_back(fmt::format("{:.3f}", nm[i]));
  std::string text = fmt::format("{}", fmt::join(texts, ", "));
  if (nm.size() > shown) text += fmt::format(" and {} more", nm.size() - shown);
  return text;
}

const char* line_or_lines(const std::vector<double>& nm) {
  return nm.size() > 1 ? "lines" : "line";
}

/// Lines whose residuals or steps are too large, with the largest of each.
struct Misfits {
  std::vector<double> jumping, off;
  double jump = 0, residual = 0, over = 0;
};

/// Readings beyond the parameters: so few make the residuals' size and what differs between them
/// uncertain.
double freedom_of(const LineFit& fit) {
  return std::max(1.0, fit.readings - static_cast<double>(fit.shape.size()));
}

Misfits misfits_of(const std::vector<FittedPiece>& pieces) {
  Misfits found;
  for (const FittedPiece& piece : pieces) {
    const LineFit& fit = piece.fit;
    if (fit.lines.empty()) continue;
    const double nm = fit.lines.front().centre_nm;
    // The steepest step of a Lorentzian is 1.3 of its depth over a width.
    const double steepest = 1.3 * piece.step_nm / piece.width_nm;
    if (fit.plain_misfit > 3 && fit.jump > 0.2 && fit.jump > 3 * steepest) {
      found.jumping.push_back(nm);
      found.jump = std::max(found.jump, fit.jump);
    } else if (fit.misfit > 1.3 + 4 / std::sqrt(freedom_of(fit)) && fit.residual > 0.002) {
      found.off.push_back(nm);
      found.residual = std::max(found.residual, fit.residual);
      found.over = std::max(found.over, fit.misfit);
    }
  }
  return found;
}

void name_alternation(const Comb& comb, RingFit& fit) {
  const Alternation depths = alternation_of(comb, fit.resonances);
  if (!depths.sure) return;
  fit.problems.push_back(fmt::format(
      "depths alternate ({:.3g}, {:.3g}): two interleaved combs of twice the distance (two "
      "polarisations or transverse modes, free spectral range {:.4f} nm each), or one whose every "
      "second mode couples less ({:.4f} nm)",
      depths.even, depths.odd, 2 * comb.fsr_nm, comb.fsr_nm));
}

}  // namespace

void name_line_problems(const std::vector<FittedPiece>& pieces,
                        std::span<const double> wavelength_nm, RingFit& fit) {
  std::vector<double> narrow, cut;
  double least = INFINITY;
  for (const FittedPiece& piece : pieces) {
    for (const FittedLine& line : piece.fit.lines) {
      if (line.width_nm < 4 * piece.step_nm) {
        narrow.push_back(line.centre_nm);
        least = std::min(least, line.width_nm / piece.step_nm);
      }
      if (line.centre_nm - line.width_nm < wavelength_nm.front() ||
          line.centre_nm + line.width_nm > wavelength_nm.back())
        cut.push_back(line.centre_nm);
    }
  }
  if (!narrow.empty())
    fit.problems.push_back(fmt::format(
        "under-sampled: the {} at {} nm {} {:.2f} steps wide (4 are needed)", line_or_lines(narrow),
        places(narrow), narrow.size() > 1 ? "are down to" : "is", least));
  if (!cut.empty())
    fit.problems.push_back(fmt::format("the {} at {} nm {} cut off by the end of the sweep",
                                       line_or_lines(cut), places(cut),
                                       cut.size() > 1 ? "are" : "is"));
  const Misfits found = misfits_of(pieces);
  if (!found.jumping.empty())
    fit.problems.push_back(
        fmt::format("the {} at {} nm jump{} by {:.2g} of the depth from one reading to the next "
                    "(bistable: too much "
                    "light heats the ring; measure at less power, and in both directions)",
                    line_or_lines(found.jumping), places(found.jumping),
                    found.jumping.size() > 1 ? "" : "s", found.jump));
  if (!found.off.empty())
    fit.problems.push_back(
        fmt::format("the noise does not explain the residuals at the {} at {} nm: up to {:.2g} of "
                    "the depth, {:.1f} "
                    "times the noise from reading to reading (ripple of facets, a neighbouring "
                    "line, heating by the "
                    "light, a source that drifts during the sweep; the intervals allow for it)",
                    line_or_lines(found.off), places(found.off), found.residual, found.over));
}

void name_comb_problems(RingFit& fit) {
  std::vector<double> split, alone;
  for (std::size_t i = 0; i < fit.resonances.size(); ++i) {
    const Resonance& line = fit.resonances[i];
    if (line.split && (split.empty() || line.centre_nm - split.back() > 3 * line.width_nm))
      split.push_back(line.centre_nm);
    if (line.comb < 0) alone.push_back(line.centre_nm);
  }
  if (!split.empty())
    fit.problems.push_back(fmt::format(
        "split: the {} at {} nm {} of two (backscattering in the ring, or two rings or "
        "polarisations "
        "that meet there); each has its own width",
        line_or_lines(split), places(split), split.size() > 1 ? "consist" : "consists"));
  if (fit.combs.size() > 1) {
    std::vector<std::string> texts;
    for (const Comb& comb : fit.combs) texts.push_back(fmt::format("{:.4f}", comb.fsr_nm));
    fit.problems.push_back(
        fmt::format("{} combs of lines, free spectral ranges {} nm (two polarisations, transverse "
                    "modes or rings); "
                    "the first is reported",
                    fit.combs.size(), fmt::join(texts, " and ")));
  }
  if (!fit.combs.empty() && !alone.empty())
    fit.problems.push_back(fmt::format(
        "the {} at {} nm {} at no equal distance from the others (a second ring, or a defect?)",
        line_or_lines(alone), places(alone), alone.size() > 1 ? "stand" : "stands"));
  for (const Comb& comb : fit.combs) name_alternation(comb, fit);
}

CutLines find_cut_lines(const std::vector<LineGuess>& guesses,
                        std::span<const double> wavelength_nm, std::span<const double> power,
                        bool dips) {
  double width = 0, depth = 0;
  for (const LineGuess& guess : guesses) {
    width = std::max(width, guess.width_nm);
    depth = std::max(depth, guess.depth / (dips ? guess.base : 1));
  }
  const std::size_t count = power.size();
  const double reach =
      width > 0 ? 1.5 * width : 0.1 * (wavelength_nm.back() - wavelength_nm.front());
  CutLines cut;
  for (const bool front : {true, false}) {
    const std::size_t end = front ? 0 : count - 1;
    double other = power[end];
    for (std::size_t k = 1; k < count; ++k) {
      const std::size_t i = front ? k : count - 1 - k;
      if (std::abs(wavelength_nm[i] - wavelength_nm[end]) > reach) break;
      other = dips ? std::max(other, power[i]) : std::min(other, power[i]);
    }
    const double own = std::abs(power[end] - other) / (dips ? std::max(other, 1e-300) : 1);
    (front ? cut.front : cut.back) = own > 0.3 * std::max(depth, dips ? 0.5 : 1e-300);
  }
  return cut;
}

void name_cut_lines(const CutLines& cut, std::span<const double> wavelength_nm, RingFit& fit) {
  for (const bool front : {true, false})
    if (front ? cut.front : cut.back)
      fit.problems.push_back(fmt::format("a line at {:.3f} nm is cut off by the end of the sweep",
                                         front ? wavelength_nm.front() : wavelength_nm.back()));
}

}  // namespace lightloom::calibration

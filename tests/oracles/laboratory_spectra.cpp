#include "tests/oracles/laboratory_spectra.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <utility>

#include "core/random/random.hpp"

namespace lightloom::oracle {
namespace {

using std::numbers::pi;
using Field = std::complex<double>;

/// Numbers of one spectrum, in the order in which they are asked for.
class Dice {
 public:
  Dice(std::uint64_t seed, std::uint64_t draw)
      : stream_({.seed = seed, .purpose = Purpose::test}), draw_(draw) {}
  double uniform(double low, double high) {
    return low + (high - low) * stream_.uniform(next_++, draw_);
  }
  double log_uniform(double low, double high) {
    return std::exp(uniform(std::log(low), std::log(high)));
  }
  bool happens(double chance) { return uniform(0, 1) < chance; }
  double normal() { return stream_.normal((std::uint64_t{1} << 32) + next_++, draw_); }

 private:
  Stream stream_;
  std::uint64_t draw_, next_ = 0;
};

/// A ring by its phase of a turn, with dispersion, and what it couples and loses.
struct Ring {
  double middle_nm = 1550, fsr_nm = 5, order = 300, bend = 0;  // phase / 2 pi at the middle
  double t1 = 0.97, t2 = 0.97, a = 0.99;

  [[nodiscard]] double loop() const { return t1 * t2 * a; }
  [[nodiscard]] double phase(double nm) const {
    const double f = middle_nm / nm - 1;  // relative to the frequency of the middle
    return 2 * pi * (order + middle_nm / fsr_nm * (f + bend * f * f));
  }
  [[nodiscard]] double slope(double nm) const {
    const double h = 1e-3 * fsr_nm;
    return (phase(nm + h) - phase(nm - h)) / (2 * h);
  }
  [[nodiscard]] Field through(double nm, double off) const {
    const Field z = std::polar(1.0, phase(nm) + off);
    return (t1 - t2 * a * z) / (1.0 - loop() * z);
  }
  [[nodiscard]] Field drop(double nm, double off) const {
    const Field half = std::polar(std::sqrt(a), 0.5 * (phase(nm) + off));
    return std::sqrt((1 - t1 * t1) * (1 - t2 * t2)) * half / (1.0 - loop() * half * half / a);
  }
  /// Phase over which 1 / |1 - x e^(i phi)|^2 is above half of its peak.
  [[nodiscard]] double width_rad() const {
    const double x = loop();
    return 4 * std::asin(std::min(1.0, (1 - x) / (2 * std::sqrt(x))));
  }
  [[nodiscard]] double bottom() const { return std::pow((t1 - t2 * a) / (1 - loop()), 2); }
};

/// All lines of a ring whose phase is off by `off`, between two wavelengths.
void add_lines(const Ring& ring, double off, const std::vector<double>& nm,
               std::vector<TrueLine>& lines) {
  const double first = (ring.phase(nm.back()) + off) / (2 * pi),
               last = (ring.phase(nm.front()) + off) / (2 * pi);
  for (double order = std::ceil(first); order <= last; ++order) {
    double low = nm.front(), high = nm.back();  // the phase falls with the wavelength
    for (int i = 0; i < 60; ++i) {
      const double middle = 0.5 * (low + high);
      (ring.phase(middle) + off > 2 * pi * order ? low : high) = middle;
    }
    const double width = ring.width_rad() / std::abs(ring.slope(low));
    lines.push_back({low, width, low / width});
  }
}

/// Couplers and loss that give a finesse; dips of a quarter and more.
void couple(double finesse, bool all_pass, Dice& dice, Ring& ring) {
  const double sine = std::sin(pi / (2 * finesse));  // (1 - x) / (2 sqrt x)
  const double root = std::sqrt(sine * sine + 1) - sine, x = root * root;
  for (int tries = 0; tries < 50; ++tries) {
    std::array<double, 3> parts{dice.uniform(0.1, 1), all_pass ? 0 : dice.uniform(0.1, 1),
                                dice.uniform(0.02, 1)};
    const double sum = parts[0] + parts[1] + parts[2];
    ring.t1 = std::pow(x, parts[0] / sum);
    ring.t2 = std::pow(x, parts[1] / sum);
    ring.a = std::pow(x, parts[2] / sum);
    if (ring.bottom() < 0.75) return;
  }
}

/// What a spectrum has besides a ring.
struct Nuisances {
  double envelope_db = 0, envelope_nm = 0;  // at 50 nm from where the couplers are best
  double ripple = 0, ripple_nm = 1, ripple_rad = 0;
  Field beside = 0;      // light that passes the ring by
  double apart_rad = 0;  // of a doublet
  bool second_ring = false, second_mode = false;
  double top = INFINITY;  // readings are not above this share of the largest
  double relative = 1e-3, floor = 1e-6, step_db = 0.001;
};

Nuisances draw_nuisances(bool through, Dice& dice) {
  Nuisances n;
  const auto with = [&](const char*, double chance) { return dice.happens(chance); };
  if (with("envelope", 0.7)) n.envelope_db = dice.uniform(8, 25);
  n.envelope_nm = dice.uniform(-12, 12);
  if (with("ripple", 0.5)) n.ripple = dice.uniform(0.005, 0.08);
  n.ripple_rad = dice.uniform(0, 2 * pi);
  if (with("fano", 0.2) && through)
    n.beside = std::polar(dice.uniform(0.05, 0.3), dice.uniform(0, 2 * pi));
  if (with("doublet", 0.12)) n.apart_rad = dice.uniform(0.4, 3);  // of a width, as yet
  n.second_ring = with("second ring", 0.12) && through;
  n.second_mode = with("second polarisation", 0.12) && !n.second_ring;
  if (with("saturated", 0.08)) n.top = dice.uniform(0.6, 0.9);
  n.relative = dice.log_uniform(5e-4, 1e-2);
  n.floor = std::pow(10, -dice.uniform(4.5, 6.5));
  n.step_db = dice.happens(0.3) ? 0.01 : 0.001;
  return n;
}

std::string in_words(const Nuisances& n, bool through, const Ring& ring) {
  std::string text =
      fmt::format("{} port, finesse {:.3g}, relative noise {:.2g}", through ? "through" : "drop",
                  2 * pi / ring.width_rad(), n.relative);
  if (n.envelope_db > 0) text += fmt::format(", envelope {:.3g} dB", n.envelope_db);
  if (n.ripple > 0) text += fmt::format(", ripple {:.2g} of {:.3g} nm", n.ripple, n.ripple_nm);
  if (std::abs(n.beside) > 0) text += fmt::format(", fano {:.2g}", std::abs(n.beside));
  if (n.apart_rad > 0)
    text += fmt::format(", doublet {:.2g} widths", n.apart_rad / ring.width_rad());
  if (n.second_ring) text += ", second ring";
  if (n.second_mode) text += ", second polarisation";
  if (std::isfinite(n.top)) text += fmt::format(", saturated at {:.2g}", n.top);
  return text;
}

/// The field of a ring at one of its ports; of a doublet the mean of both standing waves.
Field field_of(const Ring& ring, bool through, double apart, double nm) {
  const auto one = [&](double off) { return through ? ring.through(nm, off) : ring.drop(nm, off); };
  return apart > 0 ? 0.5 * (one(0.5 * apart) + one(-0.5 * apart)) : one(0);
}

/// Readings: noise, a floor, saturation, and the steps in which an instrument writes them.
void read_out(const Nuisances& n, Dice& dice, std::vector<double>& power) {
  const double most = *std::max_element(power.begin(), power.end());
  for (double& p : power) {
    p = p * (1 + n.relative * dice.normal()) + n.floor * most * std::abs(1 + 0.3 * dice.normal());
    p = std::min(p, n.top * most);
    p = std::pow(10, std::round(10 * std::log10(std::max(p, 1e-15)) / n.step_db) * n.step_db / 10);
  }
}

std::vector<double> sweep_of(const Ring& ring, Dice& dice) {
  const double width = ring.width_rad() / std::abs(ring.slope(ring.middle_nm));
  double span = std::min(ring.fsr_nm * dice.uniform(2, 10), 100.0);
  double step = width / dice.log_uniform(6, 40);
  constexpr double most = 40000;
  if (span / step > most) step = width / 6;
  span = std::min(span, most * step);
  std::vector<double> nm;
  for (double at = ring.middle_nm - span / 2; at < ring.middle_nm + span / 2; at += step)
    nm.push_back(at);
  return nm;
}

}  // namespace

LaboratorySpectrum laboratory_spectrum(std::uint64_t seed, std::uint64_t draw) {
  Dice dice(seed, draw);
  Ring ring{.middle_nm = dice.happens(0.3) ? 1310.0 : 1550.0};
  ring.fsr_nm = dice.log_uniform(1, 16);
  ring.order = 400 + dice.uniform(0, 1);
  ring.bend = dice.uniform(-0.5, 0.5);
  const bool all_pass = dice.happens(0.3), through = all_pass || dice.happens(0.6);
  couple(dice.log_uniform(8, 160), all_pass, dice, ring);
  Nuisances n = draw_nuisances(through, dice);
  n.apart_rad *= ring.width_rad();
  Ring other = ring;
  other.order += dice.uniform(0, 1);
  other.fsr_nm *= dice.uniform(0.6, 0.9);
  couple(dice.log_uniform(8, 160), all_pass, dice, other);
  LaboratorySpectrum s{.wavelength_nm = sweep_of(ring, dice)};
  n.ripple_nm = dice.log_uniform(0.05, 3);
  const double share = n.second_mode ? dice.uniform(0.55, 0.85) : 1;
  for (const double nm : s.wavelength_nm) {
    Field field = field_of(ring, through, n.apart_rad, nm);
    if (n.second_ring) field *= other.through(nm, 0);
    double power = share * std::norm(field + n.beside);
    if (n.second_mode) power += (1 - share) * std::norm(field_of(other, through, 0, nm));
    power *= 1 + n.ripple * std::cos(2 * pi * nm / n.ripple_nm + n.ripple_rad);
    const double off = (nm - ring.middle_nm - n.envelope_nm) / 50;
    s.power.push_back(0.1 * power * std::pow(10, -0.1 * n.envelope_db * off * off));
  }
  read_out(n, dice, s.power);
  if (n.apart_rad > 0) {
    add_lines(ring, 0.5 * n.apart_rad, s.wavelength_nm, s.lines);
    add_lines(ring, -0.5 * n.apart_rad, s.wavelength_nm, s.lines);
  } else {
    add_lines(ring, 0, s.wavelength_nm, s.lines);
  }
  if (n.second_ring || n.second_mode) add_lines(other, 0, s.wavelength_nm, s.lines);
  s.nuisances = in_words(n, through, ring);
  return s;
}

namespace {

using Row = std::pair<std::string, std::string>;

/// Rows in the order in which the sweep was made: rising, falling, or in two that overlap.
std::vector<std::size_t> order_of(std::size_t count, Dice& dice) {
  std::vector<std::size_t> order;
  const bool stitched = dice.happens(0.2), falling = dice.happens(0.3);
  const std::size_t middle = count / 2, overlap = stitched ? count / 20 : 0;
  for (std::size_t i = 0; i < (stitched ? middle + overlap : count); ++i) order.push_back(i);
  for (std::size_t i = middle; stitched && i < count; ++i) order.push_back(i);
  if (falling) std::reverse(order.begin(), order.end());
  return order;
}

std::string with_commas(std::string text) {
  std::replace(text.begin(), text.end(), '.', ',');
  return text;
}

}  // namespace

std::string laboratory_file(const LaboratorySpectrum& s, std::uint64_t seed, std::uint64_t draw) {
  Dice dice(seed ^ 0x5bd1e995U, draw);
  static constexpr std::array<const char*, 3> lengths{"Wavelength [nm]", "wavelength_um",
                                                      "Frequency (THz)"};
  static constexpr std::array<const char*, 4> powers{"Power [dBm]", "power_mW", "Power (uW)",
                                                     "Detector [W]"};
  const auto x = static_cast<std::size_t>(dice.uniform(0, 3)),
             y = static_cast<std::size_t>(dice.uniform(0, 4));
  const bool commas = dice.happens(0.2), across = dice.happens(0.15), preamble = dice.happens(0.3);
  std::vector<Row> rows{{lengths[x], powers[y]}};
  for (const std::size_t i : order_of(s.power.size(), dice)) {
    const double nm = s.wavelength_nm[i], mW = s.power[i];
    rows.push_back({fmt::format("{:.12g}", x == 0   ? nm
                                           : x == 1 ? 1e-3 * nm
                                                    : 299792.458 / nm),
                    y == 0 ? fmt::format("{:.3f}", 10 * std::log10(mW))
                           : fmt::format("{:.8g}", y == 1   ? mW
                                                   : y == 2 ? 1e3 * mW
                                                            : 1e-3 * mW)});
  }
  std::string text = preamble ? "Bench 4\nOperator: nobody\n# swept by a laser\n" : "";
  const char* between = commas ? ";" : ",";
  for (std::size_t part = 0; across && part < 2; ++part) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string& cell = part == 0 ? rows[i].first : rows[i].second;
      text += (i > 0 ? between : "") + (commas && i > 0 ? with_commas(cell) : cell);
    }
    text += "\n";
  }
  for (std::size_t i = 0; !across && i < rows.size(); ++i) {
    const auto& [first, second] = rows[i];
    text += (commas && i > 0 ? with_commas(first) : first) + between +
            (commas && i > 0 ? with_commas(second) : second) + "\n";
  }
  return text;
}

}  // namespace lightloom::oracle

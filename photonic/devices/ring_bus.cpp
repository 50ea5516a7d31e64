#include "photonic/devices/ring_bus.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lightloom::photonic {
namespace {

constexpr double turn_rad = 2 * std::numbers::pi;
constexpr std::size_t lanes = 256;  // the most channels a card may ask for

/// Power of a ring at any phase, through = (sum - x) / (below - x) with x = 2 g cos(phase), and
/// drop = drop / (below - x), which is the share `dropped` of what does not pass.
struct RingShape {
  double feedback, sum, below, drop, dropped;
  explicit RingShape(const Ring& ring)
      : feedback(ring.feedback()),
        sum(ring.self_coupling_in * ring.self_coupling_in +
            ring.self_coupling_drop * ring.turn_amplitude *
                (ring.self_coupling_drop * ring.turn_amplitude)),
        below(1 + feedback * feedback),
        drop((1 - ring.self_coupling_in * ring.self_coupling_in) *
             (1 - ring.self_coupling_drop * ring.self_coupling_drop) * ring.turn_amplitude),
        dropped(drop / (below - sum)) {}
};

/// How a ring's shape follows the phase that carriers give it: derivatives by that phase.
struct ShapeSlopes {
  double sum, below, doubled_cosine, dropped;  // the third: of 2 g, over 2 g
  ShapeSlopes(const Ring& ring, double amplitude_slope) {
    const double t1 = ring.self_coupling_in, t2 = ring.self_coupling_drop, a = ring.turn_amplitude;
    const double t2a = t2 * a, lossy = 1 - t2a * t2a;
    sum = 2 * t2 * t2a * amplitude_slope;
    below = 2 * t1 * t1 * t2 * t2a * amplitude_slope;
    doubled_cosine = amplitude_slope / a;
    dropped = (1 - t2 * t2) * (1 + t2a * t2a) / (lossy * lossy) * amplitude_slope;
  }
};

}  // namespace

RingBus::RingBus(const Ring& ring, int channels, double carrier_loss_per_rad)
    : ring_(ring), channels_(channels), carrier_loss_per_rad_(carrier_loss_per_rad) {
  for (int j = 0; j < channels; ++j) {
    for (int k = 0; k < channels; ++k) {
      const double spacing = turn_rad * (k - j) / channels;
      spacing_cos_.push_back(std::cos(spacing));
      spacing_sin_.push_back(std::sin(spacing));
    }
  }
}

Ring RingBus::driven(double drive_rad) const {
  Ring ring = ring_;
  if (carrier_loss_per_rad_ > 0)
    ring.turn_amplitude *= std::exp(-carrier_loss_per_rad_ * std::abs(drive_rad));
  return ring;
}

void RingBus::weights(std::span<const double> phases, std::span<double> weights) const {
  this->weights(phases, phases, weights);
}

void RingBus::weights(std::span<const double> phases, std::span<const double> drives,
                      std::span<double> weights) const {
  const auto count = static_cast<std::size_t>(channels_);
  double bus[lanes], dropped[lanes];
  std::fill_n(bus, count, 1.0);
  std::fill_n(dropped, count, 0.0);
  for (std::size_t j = 0; j < phases.size(); ++j) {
    const RingShape shape(driven(drives[j]));
    const double c = 2 * shape.feedback * std::cos(phases[j]),
                 s = 2 * shape.feedback * std::sin(phases[j]);
    const double* dc = &spacing_cos_[j * count];
    const double* ds = &spacing_sin_[j * count];
#pragma omp simd
    for (std::size_t k = 0; k < count; ++k) {
      const double twice = c * dc[k] - s * ds[k];  // 2 g cos(phase of ring j at wavelength k)
      const double inverse = bus[k] / (shape.below - twice);
      dropped[k] += shape.drop * inverse;
      bus[k] = (shape.sum - twice) * inverse;
    }
  }
  for (std::size_t k = 0; k < weights.size(); ++k) weights[k] = dropped[k] - bus[k];
}

// Light that has come as far as ring j is worth S there: what passes the ring is worth S_next, so
// S = dropped (1 - T) + T S_next, and S = -1 behind the last ring. The weight is S at the first
// ring; a ring moves it by (light that reaches it) (dS / dphase) with S_next held.
void RingBus::slopes(std::span<const double> phases, RingBusSlopes& result) const {
  const std::size_t rings = phases.size();
  result.weights.assign(rings, -1.0);
  result.slopes.resize(rings * rings);
  result.through.resize(rings * rings);
  result.carriers.assign(carrier_loss_per_rad_ > 0 ? rings * rings : 0, 0.0);
  double bus[lanes];
  std::fill_n(bus, rings, 1.0);
  for (std::size_t j = 0; j < rings; ++j) {
    pass_ring(j, phases[j], result);
    const double* through = &result.through[j * rings];
    double* slope = &result.slopes[j * rings];
    if (carrier_loss_per_rad_ > 0)
      for (std::size_t k = 0; k < rings; ++k) result.carriers[j * rings + k] *= bus[k];
#pragma omp simd
    for (std::size_t k = 0; k < rings; ++k) {
      slope[k] *= bus[k];
      bus[k] *= through[k];
    }
  }
  double* worth = result.weights.data();
  for (std::size_t j = rings; j-- > 0;) {
    const double dropped = RingShape(driven(phases[j])).dropped;
    const double* through = &result.through[j * rings];
    double* slope = &result.slopes[j * rings];
#pragma omp simd
    for (std::size_t k = 0; k < rings; ++k) {
      const double next = worth[k] - dropped;
      slope[k] *= next;
      worth[k] = dropped + through[k] * next;
    }
    if (carrier_loss_per_rad_ > 0)
      for (std::size_t k = 0; k < rings; ++k) slope[k] += result.carriers[j * rings + k];
  }
}

/// T of ring j at every wavelength, dT / dphase, and what carriers do to the share that is dropped.
void RingBus::pass_ring(std::size_t j, double phase_rad, RingBusSlopes& result) const {
  const std::size_t rings = result.weights.size();
  const Ring ring = driven(phase_rad);
  const RingShape shape(ring);
  const double c = 2 * shape.feedback * std::cos(phase_rad),
               s = 2 * shape.feedback * std::sin(phase_rad), width = shape.sum - shape.below;
  const double* dc = &spacing_cos_[j * static_cast<std::size_t>(channels_)];
  const double* ds = &spacing_sin_[j * static_cast<std::size_t>(channels_)];
  double* through = &result.through[j * rings];
  double* slope = &result.slopes[j * rings];
#pragma omp simd
  for (std::size_t k = 0; k < rings; ++k) {
    const double twice = c * dc[k] - s * ds[k], sine = s * dc[k] + c * ds[k];
    const double inverse = 1 / (shape.below - twice);
    through[k] = (shape.sum - twice) * inverse;
    slope[k] = -sine * width * inverse * inverse;
  }
  if (carrier_loss_per_rad_ == 0) return;
  const ShapeSlopes moved(ring,
                          -std::copysign(carrier_loss_per_rad_, phase_rad) * ring.turn_amplitude);
  for (std::size_t k = 0; k < rings; ++k) {
    const double twice = c * dc[k] - s * ds[k], more = moved.doubled_cosine * twice;
    slope[k] += ((moved.sum - more) - through[k] * (moved.below - more)) / (shape.below - twice);
    result.carriers[j * rings + k] = moved.dropped * (1 - through[k]);
  }
}

RingBusRange certain_range(const RingBus& bus, double reach_rad) {
  // Least light that the other rings leave on a line, each wherever in its reach it takes most.
  constexpr int places = 32;
  double left = 1;
  for (int k = 1; k < bus.channels(); ++k) {
    double least = 1;
    for (int i = 0; i <= places; ++i) {
      const double drive = reach_rad * i / places;
      const double phase = drive - turn_rad * k / bus.channels();
      least = std::min(least, ring_power(bus.driven(drive), phase).through);
    }
    left *= least;
  }
  // Rings drop between these shares of the light that does not pass them.
  const double most = RingShape(bus.driven(0)).dropped,
               least = RingShape(bus.driven(reach_rad)).dropped;
  const double off = left * ring_power(bus.driven(reach_rad), reach_rad).through,
               on = ring_power(bus.driven(0), 0).through;
  return {.reach_rad = reach_rad,
          .weight = std::max(0.0, std::min((1 + most) * off - most, least - (1 + least) * on))};
}

RingBusRange certain_range_for(const RingBus& bus, double weight) {
  constexpr int steps = 64;
  const double widest = std::numbers::pi / bus.channels();
  RingBusRange best;
  for (int i = 1; i <= steps; ++i) {
    const RingBusRange range = certain_range(bus, widest * i / steps);
    if (range.weight > best.weight) best = range;
  }
  const double wanted = std::min(weight, 0.98 * best.weight);
  double low = 0, high = best.reach_rad;
  while (high - low > 1e-9) {
    const double middle = (low + high) / 2;
    (certain_range(bus, middle).weight >= wanted ? high : low) = middle;
  }
  return certain_range(bus, high);
}

}  // namespace lightloom::photonic

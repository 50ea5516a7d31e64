#include "nn/weights/faults/bit_errors.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/error.hpp"
#include "core/random/random.hpp"

namespace lightloom::nn {
namespace {

/// Thresholds on 32 random bits: a flip happens where they are below. 2^32 stands for certainty.
struct Thresholds {
  std::uint64_t zero = 0, one = 0;
};

std::uint64_t threshold(double rate) { return static_cast<std::uint64_t>(rate * 4294967296.0); }

Thresholds thresholds(const BitErrorCard& card) {
  return {.zero = threshold(card.rate_0_to_1 < 0 ? card.rate : card.rate_0_to_1),
          .one = threshold(card.rate_1_to_0 < 0 ? card.rate : card.rate_1_to_0)};
}

bool attacked(const BitErrorCard& card, const CodedStream& stream) {
  if (card.streams.empty()) return stream.exposed;
  return std::find(card.streams.begin(), card.streams.end(), stream.name) != card.streams.end();
}

/// A word of a stream of `bits`-bit words.
struct StoredWord {
  std::uint64_t number;
  int bits;
  std::uint32_t word;
};

/// The word's flips; bit b of word w reads the random lane (w * bits + b).
std::uint32_t flips(const Stream& stream, const Thresholds& limits, const StoredWord& stored) {
  const auto [number, bits, word] = stored;
  const std::uint64_t first_lane = number * static_cast<std::uint64_t>(bits);
  std::uint32_t flip = 0;
  for (int bit = 0; bit < bits; ++bit) {
    const std::uint64_t lane = first_lane + static_cast<std::uint64_t>(bit);
    const std::uint32_t draw = stream.bits(lane / 4)[lane % 4];
    const bool one = (word >> bit & 1u) != 0;
    if (draw < (one ? limits.one : limits.zero)) flip |= 1u << bit;
  }
  return flip;
}

}  // namespace

bool has_errors(const BitErrorCard& card) {
  return card.rate > 0 || card.rate_0_to_1 > 0 || card.rate_1_to_0 > 0;
}

namespace {

void read_voltage(Section& section, BitErrorCard& card) {
  VoltageCurve curve;
  const bool known =
      section.optional_section("curve", [&](Section& inner) { describe(inner, curve); });
  section.value("voltage", card.voltage, not_negative);
  if (card.voltage == 0) return;
  if (!known || curve.voltage.empty()) {
    section.problem("voltage", "needs a curve (see data/weights/sram-voltage-fit.yaml)");
  } else if (section.has("rate")) {
    section.problem("rate", "stands beside a voltage, whose curve gives the rate (leave one out)");
  } else if (card.voltage < curve.voltage.front() || card.voltage > curve.voltage.back()) {
    section.problem("voltage",
                    fmt::format("is {:g} but the curve goes from {:g} to {:g}", card.voltage,
                                curve.voltage.front(), curve.voltage.back()));
  } else if (curve.rate.size() == curve.voltage.size() &&
             curve.energy.size() == curve.voltage.size()) {
    const VoltagePoint point = at_voltage(curve, card.voltage);
    card.rate = point.rate;
    card.access_energy = point.energy;
  }
}

}  // namespace

void describe(Section& section, BitErrorCard& card) {
  read_voltage(section, card);
  if (card.voltage == 0)
    section.value("rate", card.rate, fraction);
  else if (section.has("rate"))
    section.raw("rate");
  section.value("rate_0_to_1", card.rate_0_to_1, {.low = -1, .high = 1});
  section.value("rate_1_to_0", card.rate_1_to_0, {.low = -1, .high = 1});
  section.value("streams", card.streams);
  section.value("seed", card.seed);
}

void describe(Section& section, VoltageCurve& curve) {
  section.value("voltage", curve.voltage, positive);
  section.value("rate", curve.rate, {.low = 0, .high = 1, .open_low = true});
  section.value("energy", curve.energy, positive);
  if (curve.voltage.size() < 2 || curve.rate.size() != curve.voltage.size() ||
      curve.energy.size() != curve.voltage.size())
    section.problem("", "needs the lists voltage, rate and energy, of one length of at least two");
  if (!std::is_sorted(curve.voltage.begin(), curve.voltage.end()))
    section.problem("voltage", "must rise");
}

VoltagePoint at_voltage(const VoltageCurve& curve, double voltage) {
  require(
      !curve.voltage.empty() && voltage >= curve.voltage.front() && voltage <= curve.voltage.back(),
      "the voltage {} lies outside the measured curve", voltage);
  const auto above = std::lower_bound(curve.voltage.begin() + 1, curve.voltage.end(), voltage);
  const auto i = static_cast<std::size_t>(above - curve.voltage.begin());
  const double share = (voltage - curve.voltage[i - 1]) / (curve.voltage[i] - curve.voltage[i - 1]);
  return {.rate = std::exp(std::lerp(std::log(curve.rate[i - 1]), std::log(curve.rate[i]), share)),
          .energy = std::lerp(curve.energy[i - 1], curve.energy[i], share)};
}

std::int64_t flip_bits(const BitErrorCard& card, std::uint32_t layer,
                       std::span<CodedStream> streams) {
  const Thresholds limits = thresholds(card);
  std::int64_t count = 0;
  for (std::size_t s = 0; s < streams.size(); ++s) {
    CodedStream& coded = streams[s];
    if (!attacked(card, coded) || (limits.zero == 0 && limits.one == 0)) continue;
    const Stream stream({.seed = card.seed,
                         .purpose = Purpose::bit_error,
                         .layer = layer,
                         .tile = static_cast<std::uint32_t>(s)});
    for (std::size_t w = 0; w < coded.words.size(); ++w) {
      const std::uint32_t flip = flips(stream, limits, {w, coded.bits, coded.words[w]});
      coded.words[w] ^= flip;
      count += std::popcount(flip);
    }
  }
  return count;
}

std::int64_t materialise_with_errors(WeightCode& source, const BitErrorCard& card,
                                     std::uint32_t layer, std::span<float> dense) {
  source.materialise(dense);
  std::vector<CodedStream> streams = source.codes();
  const std::int64_t count = flip_bits(card, layer, streams);
  source.decode(streams, dense);
  return count;
}

}  // namespace lightloom::nn

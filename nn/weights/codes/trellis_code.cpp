#include "nn/weights/codes/trellis_code.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <optional>

namespace lightloom::nn {
namespace {

constexpr float out_of_reach = std::numeric_limits<float>::infinity();

std::uint32_t low_bits(int count) { return (1u << count) - 1u; }

/// The state before the first weight of a ring.
std::uint32_t first_state(const TrellisCode& code, std::span<const std::uint32_t> words) {
  const auto before = static_cast<std::size_t>((code.state_bits + code.bits - 1) / code.bits);
  std::uint32_t state = 0;
  for (std::size_t i = before; i > 0; --i)
    state = state << code.bits | words[words.size() - 1 - (i - 1) % words.size()];
  return state & low_bits(code.state_bits);
}

/// The cheapest of the 2^bits states from which the states `top` << bits | word are reached, for
/// every `top`: its cost and its highest bits.
void cheapest_before(std::span<const float> costs, std::span<float> least,
                     std::span<std::uint8_t> from) {
  const std::size_t tops = least.size();
  std::copy_n(costs.begin(), tops, least.begin());
  std::fill(from.begin(), from.end(), std::uint8_t{0});
  for (std::size_t high = 1; high * tops < costs.size(); ++high) {
    const float* cost = costs.data() + high * tops;
    for (std::size_t top = 0; top < tops; ++top) {
      const bool less = cost[top] < least[top];
      least[top] = less ? cost[top] : least[top];
      from[top] = less ? static_cast<std::uint8_t>(high) : from[top];
    }
  }
}

/// What the states after a weight cost: the least cost before each of them, by their top bits, and
/// how far they are from the weight.
struct Step {
  std::span<const float> least;
  std::span<const float> states;
  float target = 0;
};

template <int bits>
void add_errors(const Step& step, std::span<float> costs) {
  constexpr std::size_t words = std::size_t{1} << bits;
  const std::span<const float> least = step.least, states = step.states;
  const float target = step.target;
  for (std::size_t top = 0; top < least.size(); ++top)
    for (std::size_t word = 0; word < words; ++word) {
      const float miss = target - states[top * words + word];
      costs[top * words + word] = least[top] + miss * miss;
    }
}

void add_errors(int bits, const Step& step, std::span<float> costs) {
  if (bits == 1) return add_errors<1>(step, costs);
  if (bits == 2) return add_errors<2>(step, costs);
  if (bits == 3) return add_errors<3>(step, costs);
  return add_errors<4>(step, costs);
}

/// What one pass needs to know: the targets in order, and the bits that stand where the ring
/// closes.
struct Pass {
  const TrellisCode& code;
  std::span<const float> states;
  std::span<const float> targets;
  std::optional<std::uint32_t> joint = std::nullopt;  // state_bits - bits of them
};

/// The states of the cheapest path, one a weight.
std::vector<std::uint32_t> cheapest_path(const Pass& pass) {
  const int bits = pass.code.bits, top_bits = pass.code.state_bits - bits;
  const std::size_t all = pass.states.size(), tops = all >> bits, length = pass.targets.size();
  std::vector<float> costs(all), least(tops, pass.joint ? out_of_reach : 0.0f);
  std::vector<std::uint8_t> from(length * tops);
  if (pass.joint) least[*pass.joint] = 0;
  for (std::size_t i = 0; i < length; ++i) {
    if (i > 0) cheapest_before(costs, least, std::span(from).subspan(i * tops, tops));
    add_errors(bits, {least, pass.states, pass.targets[i]}, costs);
  }
  if (pass.joint)
    for (std::size_t state = 0; state < all; ++state)
      if ((state & (tops - 1)) != *pass.joint) costs[state] = out_of_reach;
  std::vector<std::uint32_t> path(length);
  auto state =
      static_cast<std::uint32_t>(std::min_element(costs.begin(), costs.end()) - costs.begin());
  for (std::size_t i = length; i-- > 0;) {
    path[i] = state;
    const std::uint32_t top = state >> bits;
    state = top | static_cast<std::uint32_t>(from[i * tops + top]) << top_bits;
  }
  return path;
}

/// The cheapest of all words of a ring that is too short for a state.
std::vector<std::uint32_t> searched_whole(const TrellisCode& code, std::span<const float> targets) {
  std::vector<std::uint32_t> words(targets.size()), best;
  std::vector<float> levels(targets.size());
  float least = out_of_reach;
  const int ring_bits = static_cast<int>(targets.size()) * code.bits;
  for (std::uint32_t ring = 0; ring <= low_bits(ring_bits); ++ring) {
    for (std::size_t i = 0; i < words.size(); ++i)
      words[i] = ring >> (static_cast<int>(i) * code.bits) & low_bits(code.bits);
    trellis_decode(code, words, levels);
    float cost = 0;
    for (std::size_t i = 0; i < levels.size(); ++i)
      cost += (targets[i] - levels[i]) * (targets[i] - levels[i]);
    if (!best.empty() && cost >= least) continue;
    least = cost;
    best = words;
  }
  return best;
}

}  // namespace

float trellis_level(std::uint32_t state) {
  const std::uint32_t mixed = 34038481u * state + 76625530u;
  const std::uint32_t sum =
      (mixed & 255u) + (mixed >> 8 & 255u) + (mixed >> 16 & 255u) + (mixed >> 24);
  return static_cast<float>(sum) - 510.0f;
}

std::vector<float> trellis_levels(int state_bits) {
  std::vector<float> levels(std::size_t{1} << state_bits);
  for (std::size_t state = 0; state < levels.size(); ++state)
    levels[state] = trellis_level(static_cast<std::uint32_t>(state));
  return levels;
}

void trellis_decode(const TrellisCode& code, std::span<const std::uint32_t> words,
                    std::span<float> levels) {
  assert(words.size() == levels.size());
  if (words.empty()) return;
  std::uint32_t state = first_state(code, words);
  for (std::size_t i = 0; i < words.size(); ++i) {
    state = (state << code.bits | words[i]) & low_bits(code.state_bits);
    levels[i] = trellis_level(state);
  }
}

std::vector<std::uint32_t> trellis_encode(const TrellisCode& code, std::span<const float> states,
                                          std::span<const float> targets) {
  assert(code.bits >= 1 && code.bits <= 4 && states.size() == std::size_t{1} << code.state_bits);
  if (targets.empty()) return {};
  if (static_cast<int>(targets.size()) * code.bits < code.state_bits)
    return searched_whole(code, targets);
  const std::size_t half = targets.size() / 2;
  std::vector<float> turned(targets.begin() + static_cast<std::ptrdiff_t>(half), targets.end());
  turned.insert(turned.end(), targets.begin(), targets.begin() + static_cast<std::ptrdiff_t>(half));
  // Behind the last target of the ring, which is the one before `targets[0]` in the turned order.
  const std::uint32_t joint = cheapest_path({code, states, turned})[targets.size() - half - 1] &
                              low_bits(code.state_bits - code.bits);
  std::vector<std::uint32_t> words = cheapest_path({code, states, targets, joint});
  for (std::uint32_t& word : words) word &= low_bits(code.bits);
  return words;
}

}  // namespace lightloom::nn

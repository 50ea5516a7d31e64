#include "nn/weights/codes/shift_register.hpp"

#include <bit>

namespace lightloom::nn {
namespace {

constexpr std::uint32_t taps = 1u << 15 | 1u << 14 | 1u << 12 | 1u << 3;

}  // namespace

std::uint32_t next_state(std::uint32_t state) {
  const auto bit = static_cast<std::uint32_t>(std::popcount(state & taps)) & 1u;
  return (state << 1 | bit) & 0xffffu;
}

RegisterCycle::RegisterCycle() : states_(register_period), places_(register_period + 1) {
  std::uint32_t state = 1;
  for (int place = 0; place < register_period; ++place, state = next_state(state)) {
    states_[static_cast<std::size_t>(place)] = static_cast<std::uint16_t>(state);
    places_[state] = static_cast<std::uint16_t>(place);
  }
}

std::uint32_t RegisterCycle::after(std::uint32_t state, std::int64_t steps) const {
  if (state == 0) return 0;
  return states_[static_cast<std::size_t>((places_[state] + steps) % register_period)];
}

const RegisterCycle& register_cycle() {
  static const RegisterCycle cycle;
  return cycle;
}

std::int64_t step_xors(std::int64_t steps) {
  std::int64_t ones = 0;
  for (int bit = 0; bit < register_bits; ++bit)
    ones += std::popcount(register_cycle().after(1u << bit, steps));
  return ones - register_bits;
}

}  // namespace lightloom::nn

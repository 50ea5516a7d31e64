#pragma once

#include <cstdint>
#include <vector>

namespace lightloom::nn {

/// Bits of the register, and its states but zero, all of which it runs through.
inline constexpr int register_bits = 16;
inline constexpr int register_period = 65535;

/// The state after `state`: one place up, the lowest bit the parity of bits 16, 15, 13 and 4
/// (counted from 1), a maximal sequence. Zero stays zero.
std::uint32_t next_state(std::uint32_t state);

/// All states in their order, so that any number of steps is one look-up.
class RegisterCycle {
 public:
  RegisterCycle();
  [[nodiscard]] std::uint32_t after(std::uint32_t state, std::int64_t steps) const;

 private:
  std::vector<std::uint16_t> states_, places_;
};
/// The one cycle there is.
const RegisterCycle& register_cycle();

/// Two-input XORs of the network that makes `steps` steps at once: the ones of the step's matrix to
/// that power, less one a bit.
std::int64_t step_xors(std::int64_t steps);

}  // namespace lightloom::nn

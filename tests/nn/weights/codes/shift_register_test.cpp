#include "nn/weights/codes/shift_register.hpp"

#include <gtest/gtest.h>

namespace lightloom::nn {
namespace {

// By hand, bits 16, 15, 13 and 4 are 8000, 4000, 1000 and 8 in hexadecimal digits.
TEST(ShiftRegister, ShiftsInTheParityOfItsTaps) {
  EXPECT_EQ(next_state(1), 2u);
  EXPECT_EQ(next_state(0x0008), 0x0011u);
  EXPECT_EQ(next_state(0x8000), 0x0001u);
  EXPECT_EQ(next_state(0x4000), 0x8001u);
  EXPECT_EQ(next_state(0x1000), 0x2001u);
  EXPECT_EQ(next_state(0xc000), 0x8000u);
  EXPECT_EQ(next_state(0x1008), 0x2010u);
  EXPECT_EQ(next_state(0x2ff7 & ~0x1008u), (0x2ff7u & ~0x1008u) << 1) << "no other bit is tapped";
  EXPECT_EQ(next_state(0), 0u);
}

TEST(ShiftRegister, RunsThroughAllStatesButZero) {
  std::uint32_t state = 1;
  int steps = 0;
  do {
    state = next_state(state);
    ++steps;
  } while (state != 1 && steps <= register_period);
  EXPECT_EQ(steps, register_period);
}

TEST(ShiftRegister, SkipsAsFarAsSingleStepsGo) {
  for (const std::uint32_t start : {1u, 0x8000u, 0xbeefu})
    for (const int steps : {1, 2, 4099, 65534, 65535, 70000}) {
      std::uint32_t state = start;
      for (int i = 0; i < steps; ++i) state = next_state(state);
      EXPECT_EQ(register_cycle().after(start, steps), state) << steps;
    }
  EXPECT_EQ(register_cycle().after(0, 5), 0u);
}

// One step is a parity of four bits: three XORs. Many steps are a matrix over GF(2): by rows, as
// many XORs as it has ones, less one a row.
TEST(ShiftRegister, CountsTheXorsOfItsNetworks) {
  EXPECT_EQ(step_xors(1), 3);
  std::int64_t ones = 0;
  for (std::uint32_t bit = 0; bit < 16; ++bit) {
    std::uint32_t column = 1u << bit;
    for (int i = 0; i < 4099; ++i) column = next_state(column);
    for (; column != 0; column >>= 1) ones += column & 1u;
  }
  EXPECT_EQ(step_xors(4099), ones - 16);
}

}  // namespace
}  // namespace lightloom::nn

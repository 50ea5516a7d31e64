#pragma once

#include <cstdint>
#include <vector>

namespace lightloom::calibration {

/// Rows of a measurement in two halves, each in order.
struct RowHalves {
  std::vector<int> first, second;
};

/// Random halves that respect a period: whole blocks of `period` neighbouring rows go to one half
/// or the other, so that every phase of the period is in both and neither half is all of one parity
/// (odd and even rows have different offsets where the period is even). What is left of the last
/// block goes to the second half. Division `number` is a pure function of (seed, rows, period,
/// number); at least two whole blocks.
RowHalves row_halves(int rows, int period, std::uint64_t seed, int number);

}  // namespace lightloom::calibration

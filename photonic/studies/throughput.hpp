#pragma once

#include <string>
#include <vector>

#include "photonic/cores/tensor_core.hpp"

namespace lightloom::photonic {

/// What equal cores do at their best: all rows and columns in use, inputs that are not negative,
/// one input vector after the other, and nothing else to wait for. What publications of chips call
/// throughput and efficiency. A multiply-accumulate is two operations.
struct Throughput {
  int cores = 1;
  int phases = 1;         // that an input vector is read in,
  int symbols = 1;        // symbols and
  int conversions = 1;    // conversions of an output in each of them
  double operations = 0;  // of one product of a matrix and a vector on one core: 2 rows columns
  double product_ns = 0;  // from one input vector to the next; a read's own latency is not in it
  double operations_per_s = 0;  // of all cores; 0 for a core without a symbol rate
  double energy_pJ = 0;         // of one product on one core, laser, hold and static power included
  double area_mm2 = 0;          // of all cores
  struct Part {
    std::string component;
    double energy_pJ = 0;
  };
  std::vector<Part> parts;  // of energy_pJ

  [[nodiscard]] double TOPS() const { return operations_per_s * 1e-12; }
  /// Not a number where a product takes no energy.
  [[nodiscard]] double TOPS_per_W() const;
  [[nodiscard]] double TOPS_per_mm2() const;
  [[nodiscard]] double power_mW() const;
};

Throughput throughput_of(const CoreDescription& core, int cores = 1);

}  // namespace lightloom::photonic

#pragma once

#include <complex>
#include <vector>

namespace lightloom {

/// A complex matrix, row-major: what files hold and decompositions take.
struct ComplexMatrix {
  int rows = 0, columns = 0;
  std::vector<std::complex<double>> values;
};

}  // namespace lightloom

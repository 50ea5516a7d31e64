// Matrices of MATLAB 5.0 files.
#include "core/matrices/matlab_matrix.hpp"
#include "tests/fuzz/base/matlab_bytes.hpp"

namespace lightloom::fuzz {

void read_input(Input input) {
  const std::string path = file_of(input, "matrix.mat");
  const ComplexMatrix matrix = read_matlab_matrix({path});
  demand(matrix.rows > 0 && matrix.columns > 0 &&
             static_cast<std::int64_t>(matrix.values.size()) ==
                 std::int64_t{matrix.rows} * matrix.columns,
         "as many elements as rows and columns");
}

std::vector<Seed> seeds() {
  using namespace matlab;
  const Bytes four(32, 0x3f), places{0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0},
      starts{0, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0};
  return {{"doubles", file({array("a", doubles, {2, 2}, {four})}, false)},
          {"packed", file({array("a", doubles, {2, 2}, {four})}, true)},
          {"pairs", file({array("a", pairs, {2, 2}, {four, four})}, false)},
          {"bytes", file({array("a", unsigned_bytes, {1, 2}, {{1, 2}})}, false)},
          {"sparse", file({array("a", sparse, {2, 2}, {places, starts, four})}, false)}};
}

}  // namespace lightloom::fuzz

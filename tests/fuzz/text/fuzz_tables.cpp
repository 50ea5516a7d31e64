// Tables of single elements (calibrate fringe, ring, line, ...): named columns of numbers.
#include "experiments/results/files/column_file.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {

void read_input(Input input) {
  const auto table = experiments::read_columns(file_of(input, "table.csv"));
  for (const auto& column : table) {
    demand(column.values.size() == table.front().values.size(), "columns of one length");
    (void)experiments::column_named(table, "table.csv", column.name);
  }
}

std::vector<Seed> seeds() {
  return {{"fringe", bytes_of("volts,power\n0,0.1\n1,0.35\n# paused\n2,0.9\n")},
          {"ring", bytes_of("wavelength_nm,through\r\n1550.1,1\r\n1550.2,.5\r\n1550.3,1e0\r\n")}};
}

}  // namespace lightloom::fuzz

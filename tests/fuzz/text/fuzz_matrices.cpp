// Matrices as text, NumPy files and archives of them with right checksums; the first byte chooses.
#include "core/archives/npy.hpp"
#include "experiments/results/files/matrix_file.hpp"
#include "tests/fuzz/base/fuzzer.hpp"
#include "tests/made_files.hpp"

namespace lightloom::fuzz {
namespace {

Bytes behind(std::uint8_t kind, std::string_view rest) {
  Bytes all{kind};
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

}  // namespace

void read_input(Input input) {
  if (input.empty()) return;
  const char* names[] = {"matrix.txt", "matrix.npy", "matrix.npz", "archive.npz"};
  const int kind = input[0] % 4;
  Bytes bytes(input.begin() + 1, input.end());
  if (kind == 2)
    bytes = bytes_of(made::zip({{"matrix.npy", text_of(bytes)}}, made::Packing::deflated));
  const ComplexMatrix matrix = experiments::read_matrix(file_of(bytes, names[kind]));
  demand(matrix.rows > 0 && matrix.columns > 0 &&
             static_cast<std::int64_t>(matrix.values.size()) ==
                 std::int64_t{matrix.rows} * matrix.columns,
         "as many elements as rows and columns");
}

std::vector<Seed> seeds() {
  const std::vector<std::int64_t> sides{2, 2};
  const Bytes doubles(32, 0x3f), pairs(64, 0x3f);
  return {{"commas", behind(0, "1,2\n3,4 # last\n")},
          {"blanks", behind(0, "# pairs\n0.5-1.25j 1j\n(1+2i) -3e-4\n")},
          {"semicolons", behind(0, "1;2.5e3\n-3;+4\n")},
          {"real.npy", behind(1, npy_bytes("<f8", sides, doubles))},
          {"complex.npy", behind(1, npy_bytes("<c16", sides, pairs))},
          {"inside.npy", behind(2, npy_bytes("<f8", sides, doubles))},
          {"market", behind(0,
                            "%%MatrixMarket matrix coordinate real symmetric\n2 2 2\n"
                            "1 1 0.5\n2 1 -1\n")},
          {"brackets", behind(0, "[[1, 2], [3, 4]]\n")},
          {"decimal commas", behind(0, "\tx1\tx2\na\t0,5\t1,25\nb\t-1,0\t2\n")},
          {"archive.npz", behind(3, made::zip({{"real.npy", npy_bytes("<f8", sides, doubles)},
                                               {"imag.npy", npy_bytes("<f8", sides, doubles)}}))}};
}

}  // namespace lightloom::fuzz

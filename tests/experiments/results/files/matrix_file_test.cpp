#include "experiments/results/files/matrix_file.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "core/files/labelled.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

using photonic::Complex;

class MatrixFile : public testing::Test {
 protected:
  void SetUp() override { folder_ = scratch_folder("matrix"); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }
  std::string folder_;
};

const std::vector<Complex> expected{{1, 0}, {-2.5, 0}, {0, 1}, {0.5, -1.25}, {3, 0}, {0, 0}};

TEST_F(MatrixFile, ReadsTextWithComplexNumbers) {
  const auto matrix = read_matrix(write("m.csv", "# two rows\n1, -2.5, 1j\n0.5-1.25j,3,0\n"));
  EXPECT_EQ(matrix.rows, 2);
  EXPECT_EQ(matrix.columns, 3);
  EXPECT_EQ(matrix.values, expected);
  EXPECT_EQ(read_matrix(write("n.txt", "(1+0j) -2.5 1e0j\n.5-1.25j 3 0\n")).values, expected);
}

TEST_F(MatrixFile, ReadsTextAsProgramsWriteIt) {
  for (const char* text :
       {"\xEF\xBB\xBF"
        "1,-2.5,1j\r\n\r\n0.5-1.25j,3,0\r\n",                           // a mark, lines of Windows
        "1;-2.5;1j\n0.5-1.25j;3; 0", "1\t-2.5\t1j\n0.5-1.25j\t3\t0\n",  // semicolons, tabs
        "+1,-2.5,1i,\n0.5-1.25i,+3,0,\n",                               // a comma behind the last
        "1, -2.5, 1j  # first\n  # more, of it\n0.5-1.25j, 3, 0, # second\n",
        " (1.0e+00+-0.0e+00j)  (-2.5e+00+0.0e+00j)  (0.0e+00+1.0e+00j)\n"  // numpy.savetxt
        " (5.0e-01-1.25e+00j)  (3.0e+00+0.0e+00j)  (0.0e+00+0.0e+00j)\n"})
    EXPECT_EQ(read_matrix(write("m.txt", text)).values, expected) << text;
  EXPECT_EQ(read_matrix(write("m.txt", "1e-3-2e+4j 1E5j -1.5e-2\n")).values,
            (std::vector<Complex>{{1e-3, -2e4}, {0, 1e5}, {-1.5e-2, 0}}));
}

TEST_F(MatrixFile, NeverTakesAnotherNotationForNumbers) {
  for (const char* text : {"1,5;2\n3;4,5\n",
                           "1;2\n3,5;4\n",
                           "1,5\t-2,25\n",
                           "1,5 2,5\n",
                           "1 2; 3 4\n",  // commas
                           "1.5,-2.25\r0.125,3.0\r",
                           "1\r\n2,3\r4,5\n",  // old Macs
                           "4,,6\n7,,9\n",
                           ",0,1\n0,1.5,-2.25\n",
                           "\"1.5\",\"2\"\n",
                           "in0,in1\n1,2\n",
                           "1.500D+00 -2.250D+00\n",
                           "6.*^-1,8.*^-1 I\n",
                           "0.6,0. + 0.8*I\n",
                           "0.6 + 0.0im,0.0 + 0.8im\n",
                           "0.6 + 0.0i   0.0 + 0.8i\n",
                           "(0.6,0) (0,0.8)\n",
                           "[[1 2]\n [3 4]]\n",
                           "%%MatrixMarket matrix array real general\n1 2\n1\n2\n",
                           "0,j\nj,0\n",
                           "0,-j\n1j,0\n",
                           "0.6+0J,1\n",
                           "1+2\n",
                           "1-j\n",
                           "1+-+2j\n",
                           "--1\n",
                           "+-1\n",
                           "1e\n",
                           "0x10,1\n",
                           "1_000,1\n",
                           "1'000,1\n",
                           "1jj\n",
                           "()\n",
                           "(1\n",
                           "1+2j+3j\n"})
    EXPECT_THROW(read_matrix(write("bad.csv", text)), Error) << text;
  EXPECT_THROW(read_matrix(write("bad.csv", std::string("\xFF\xFE"
                                                        "1\0,\0002\0\n\0",
                                                        10))),
               Error);
  try {
    read_matrix(write("bad.csv", "# head\n1,2\n1,5;2\n"));
    FAIL();
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("bad.csv:3: '5;2' is not a number"), std::string::npos) << text;
  }
}

TEST_F(MatrixFile, ReadsWhatNumPySaves) {
  const Ran ran =
      run_shell(fmt::format("cd {} && /usr/bin/python3 -c \"import numpy as n; a = n.array([[1, "
                            "-2.5, 1j], [0.5-1.25j, 3, 0]]);"
                            "n.save('c16', a); n.save('c8', a.astype('c8')); n.save('fortran', "
                            "n.asfortranarray(a)); n.save('f8', a.real);"
                            "n.save('f4', a.real.astype('f4')); n.save('i8', n.array([[1, 2]])); "
                            "n.save('i4', n.array([[1, 2]], 'i4'));"
                            "n.save('one', n.ones(3)); n.save('big', a.real.astype('>f8')); "
                            "n.save('text', n.array([['a', 'b']]))\"",
                            folder_));
  if (ran.code != 0) GTEST_SKIP() << "python3-numpy is not installed";
  for (const char* name : {"c16", "c8", "fortran"})
    EXPECT_EQ(read_matrix(folder_ + "/" + name + ".npy").values, expected) << name;
  for (const char* name : {"f8", "f4"})
    EXPECT_EQ(read_matrix(folder_ + "/" + name + ".npy").values[3], Complex(0.5, 0)) << name;
  for (const char* name : {"i8", "i4"})
    EXPECT_EQ(read_matrix(folder_ + "/" + name + ".npy").values, (std::vector<Complex>{1.0, 2.0}))
        << name;
  for (const char* name : {"one", "big", "text"})
    EXPECT_THROW(read_matrix(folder_ + "/" + name + ".npy"), Error) << name;
}

TEST_F(MatrixFile, RefusesANumPyFileThatIsCutOffAnywhere) {
  const Ran ran = run_shell(fmt::format(
      "cd {} && /usr/bin/python3 -c \"import numpy as n; n.save('m', n.eye(2))\"", folder_));
  if (ran.code != 0) GTEST_SKIP() << "python3-numpy is not installed";
  std::ifstream file(folder_ + "/m.npy", std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(file)), {});
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_THROW(read_matrix(write("cut.npy", whole.substr(0, length))), Error) << length;
}

TEST_F(MatrixFile, ReadsOurOwnLabelledFiles) {
  Labelled data;
  data.add_axis({"row", std::vector<std::int64_t>{0, 1}, "1", "row"});
  data.add_axis({"input", std::vector<std::int64_t>{0, 1, 2}, "1", "input"});
  std::vector<double> real, imaginary;
  for (const Complex& value : expected) {
    real.push_back(value.real());
    imaginary.push_back(value.imag());
  }
  data.add({"real", {"row", "input"}, real, "1", "real part"});
  data.add({"imaginary", {"row", "input"}, imaginary, "1", "imaginary part"});
  write_labelled(folder_ + "/m.h5", data);
  EXPECT_EQ(read_matrix(folder_ + "/m.h5").values, expected);
}

TEST_F(MatrixFile, ReadsWhatH5pySaves) {
  const Ran made = run_shell(fmt::format(R"(cd {} && /usr/bin/python3 -c "
import h5py, numpy as np
m = np.array([[1, -2.5, 1j], [.5 - 1.25j, 3, 0]])
def save(name, **sets):
    with h5py.File(name, 'w') as f:
        for key, value in sets.items(): f[key] = value
save('one.h5', anything=m, label=np.arange(3.))
save('named.h5', matrix=m.astype('c8'), other=np.ones((2, 2)))
save('parts.h5', real=m.real, imag=m.imag)
save('several.h5', a=m, b=m)
save('none.h5', a=np.arange(3.))
save('texts.h5', a=np.array([[b'x', b'y']]))
save('parts2.h5', real=m.real, imag=m.imag[:1])
")",
                                         folder_));
  if (made.code != 0) GTEST_SKIP() << "python3-h5py is not installed: " << made.errors;
  for (const char* name : {"one.h5", "named.h5", "parts.h5"})
    EXPECT_EQ(read_matrix(folder_ + "/" + name).values, expected) << name;
  for (const char* name : {"several.h5", "none.h5", "texts.h5", "parts2.h5"})
    EXPECT_THROW(read_matrix(folder_ + "/" + name), Error) << name;
  std::ifstream file(folder_ + "/one.h5", std::ios::binary);
  const std::string whole(std::istreambuf_iterator<char>(file), {});
  for (std::size_t length = 0; length < whole.size(); length += whole.size() / 40)
    EXPECT_THROW(read_matrix(write("cut.h5", whole.substr(0, length))), Error) << length;
}

TEST_F(MatrixFile, RefusesWhatIsNoMatrix) {
  for (const char* text :
       {"", "#\n", "1,2\n3\n", "1,x\n", "1,2k\n", "nan,1\n", "inf,1\n", "1+2,1\n"})
    EXPECT_THROW(read_matrix(write("bad.csv", text)), Error) << text;
}

}  // namespace
}  // namespace lightloom::experiments

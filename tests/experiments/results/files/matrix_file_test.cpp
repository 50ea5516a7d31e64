#include "experiments/results/files/matrix_file.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/archives/npy.hpp"
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

TEST_F(MatrixFile, ReadsWhatNumPySaves) {
  const Ran ran = run_shell(fmt::format(
      "cd {} && /usr/bin/python3 -c \"import numpy as n; a = n.array([[1, "
      "-2.5, 1j], [0.5-1.25j, 3, 0]]);"
      "n.save('c16', a); n.save('c8', a.astype('c8')); n.save('fortran', "
      "n.asfortranarray(a)); n.save('f8', a.real);"
      "n.save('f4', a.real.astype('f4')); n.save('i8', n.array([[1, 2]])); "
      "n.save('i4', n.array([[1, 2]], 'i4'));"
      "n.save('one', n.ones(3)); [n.save(t.replace('>', 'big'), a.astype(t)) for t in ('G', "
      "'>c8', '>c16', '>G')];"
      "n.save('text', n.array([['a', 'b']]))\"",
      folder_));
  if (ran.code != 0) GTEST_SKIP() << "python3-numpy is not installed";
  for (const char* name : {"c16", "c8", "fortran"})
    EXPECT_EQ(read_matrix(folder_ + "/" + name + ".npy").values, expected) << name;
  for (const char* name : {"G", "bigc8", "bigc16", "bigG"})
    EXPECT_EQ(read_matrix(folder_ + "/" + name + ".npy").values, expected) << name;
  for (const char* name : {"f8", "f4"})
    EXPECT_EQ(read_matrix(folder_ + "/" + name + ".npy").values[3], Complex(0.5, 0)) << name;
  for (const char* name : {"i8", "i4"})
    EXPECT_EQ(read_matrix(folder_ + "/" + name + ".npy").values, (std::vector<Complex>{1.0, 2.0}))
        << name;
  for (const char* name : {"one", "text"})
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

/// Archives and MATLAB's files, all of the same matrix or with it among others.
bool write_archives(const std::string& folder) {
  return run_shell(fmt::format(R"(cd {} && /usr/bin/python3 -c "
import h5py, numpy as np, scipy.io as io, scipy.sparse as sparse
m = np.array([[1, -2.5, 1j], [.5 - 1.25j, 3, 0]])
np.savez('one.npz', a=m); np.savez_compressed('named.npz', matrix=m, b=m.real, t=np.array(['x']))
np.savez_compressed('parts.npz', real=m.real, imag=m.imag); np.savez('several.npz', a=m, b=m)
io.savemat('five.mat', dict(u=m)); io.savemat('packed.mat', dict(u=m), do_compression=True)
io.savemat('four.mat', dict(u=m), format='4'); io.savemat('sparse.mat', dict(u=sparse.csc_matrix(m)))
io.savemat('several.mat', dict(a=m, b=m, text='x', cell=dict(x=1)))
pair = np.zeros((3, 2), [('real', 'f8'), ('imag', 'f8')])
pair['real'] = m.T.real; pair['imag'] = m.T.imag
with h5py.File('seven.mat', 'w', userblock_size=512) as f:
    f['u'] = pair; f['u'].attrs['MATLAB_class'] = np.bytes_('double')
    f['text'] = np.array([[104], [105]], 'u2'); f['text'].attrs['MATLAB_class'] = np.bytes_('char')
with h5py.File('groups.h5', 'w') as f: f['layers/w'] = m; f['layers/b'] = m
")",
                               folder))
             .code == 0;
}

TEST_F(MatrixFile, ReadsAMatrixByNameInArchivesAndMatlabsFiles) {
  if (!write_archives(folder_)) GTEST_SKIP() << "python3-scipy or python3-h5py is not installed";
  for (const char* name :
       {"one.npz", "named.npz", "parts.npz", "several.npz:b", "seven.mat:u", "groups.h5:layers/w",
        "five.mat", "packed.mat", "four.mat", "sparse.mat", "several.mat:b", "one.npz:a"})
    EXPECT_EQ(read_matrix(folder_ + "/" + name).values, expected) << name;
  EXPECT_EQ(read_matrix(folder_ + "/seven.mat:u").rows, 2);
  for (const char* name :
       {"several.npz", "several.npz:c", "named.npz:t", "seven.mat", "seven.mat:text", "groups.h5",
        "groups.h5:layers", "several.mat", "several.mat:text", "several.mat:c", "no.npz:a"})
    EXPECT_THROW(read_matrix(folder_ + "/" + name), Error) << name;
}

TEST_F(MatrixFile, RefusesAnArchiveThatIsCutOffOrChangedAnywhere) {
  if (!write_archives(folder_)) GTEST_SKIP() << "python3-scipy or python3-h5py is not installed";
  std::ifstream file(folder_ + "/parts.npz", std::ios::binary);
  const std::string whole(std::istreambuf_iterator<char>(file), {});
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_THROW(read_matrix(write("cut.npz", whole.substr(0, length))), Error) << length;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(~changed[at]);
    try {  // dates, versions and attributes may change; numbers may not
      EXPECT_EQ(read_matrix(write("changed.npz", changed)).values, expected) << at;
    } catch (const Error&) {
    }
  }
}

TEST_F(MatrixFile, TellsFormatsByTheirFirstBytes) {
  const std::int64_t shape[] = {1, 2};
  const double numbers[] = {1, 2};
  const std::string bytes =
      npy_bytes("<f8", shape, {reinterpret_cast<const std::uint8_t*>(numbers), sizeof numbers});
  EXPECT_EQ(read_matrix(write("array.txt", bytes)).values, (std::vector<Complex>{1.0, 2.0}));
  write_matrix(folder_ + "/m.h5", {1, 2, {1.0, 2.0}});
  std::filesystem::rename(folder_ + "/m.h5", folder_ + "/m.data");
  EXPECT_EQ(read_matrix(folder_ + "/m.data").values, (std::vector<Complex>{1.0, 2.0}));
  EXPECT_EQ(read_matrix(write("a:b.csv", "1,2\n")).values, (std::vector<Complex>{1.0, 2.0}));
  EXPECT_THROW(read_matrix(write("m.csv", "1,2\n") + ":name"), Error);
}

TEST_F(MatrixFile, RefusesWhatIsNoMatrix) {
  for (const char* text :
       {"", "#\n", "1,2\n3\n", "1,x\n", "1,2k\n", "nan,1\n", "inf,1\n", "1+2,1\n"})
    EXPECT_THROW(read_matrix(write("bad.csv", text)), Error) << text;
}

}  // namespace
}  // namespace lightloom::experiments

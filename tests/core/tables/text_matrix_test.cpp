// Matrices in text, as spreadsheets, languages and instruments write them.
#include "core/tables/text_matrix.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace lightloom {
namespace {

using Values = std::vector<std::complex<double>>;

std::string why_refused(const std::string& text) {
  try {
    text_matrix(text, "m.csv");
  } catch (const Error& error) {
    return error.what();
  }
  return "read";
}

void expect_read(const std::string& text, int rows, const Values& values) {
  try {
    const ComplexMatrix matrix = text_matrix(text, "m.csv");
    EXPECT_EQ(matrix.rows, rows) << text;
    EXPECT_EQ(matrix.values, values) << text;
  } catch (const Error& error) {
    ADD_FAILURE() << text << error.what();
  }
}

const Values reals{1.5, -20, 0.25, 4}, whole{1, 2, 3, 4};
const Values mixed{{0.5, 1.5}, {0, -2}, 3, {0, 1}};

TEST(TextMatrix, ReadsTheSameNumbersInEveryNotation) {
  for (const char* text : {"1.5,-20.0\n0.25,4.0\n",
                           "1.5;-20.0\r\n0.25;4.0\r\n",
                           "1.5\t-20\r0.25\t4",
                           " 1.5 -20\n 0.25 4",
                           "1,5;-20,0\n0,25;4,0\n",
                           "1,5\t-20,0\n0,25\t4,0\n",
                           "1,5 -20,0\n0,25 4,0\n",
                           "\"1.5\",\"-20\"\n\"0.25\",\"4\"\n",
                           "\"1,5\",\"-20\"\n\"0,25\",\"4\"\n",
                           "1.500D+00 -2.000D+01\n0.250d+00 4.000D+00\n",
                           "+1.5E+00,-2.0E+01\n2.5e-01,+4e0\n",
                           "15.*^-1,-2.*^1\n0.25`16.,4.`\n",
                           "1.5*10^0,-2*10^1\n25*10^-2,4\n",
                           "[[ 1.5  -20.  ]\n [ 0.25   4.  ]]\n",
                           "array([[1.5, -20.],\n       [0.25, 4.]])\n",
                           "{{1.5, -20}, {0.25, 4}}",
                           "[1.5, -20],\n[0.25, 4]\n",
                           "A = [1.5 -20; 0.25 4];\n",
                           "A = [\n 1.5, -20\n 0.25, 4 ];",
                           "1.5 -20; 0.25 4",
                           "1.5 -20;\n0.25 4;\n",
                           "A =\n\n   1.0e+01 *\n\n    0.15   -2\n    0.025   0.4\n",
                           "sep=;\n1,5;-20\n0,25;4\n",
                           "2x2 Matrix{Float64}:\n 1.5 -20.0\n 0.25 4.0\n",
                           "# head\n1.5, -20 # one\n\n% two\n0.25, 4,\n",
                           "\xEF\xBB\xBF"
                           "1.5,\xE2\x88\x92"
                           "20\n0.25,4\n\x1A",
                           "tensor([[1.5, -20.], [0.25, 4.]], dtype=float64)",
                           "a,b\n1.5,-20\n0.25,4\n",
                           ",0,1\n0,1.5,-20.0\n1,0.25,4.0\n",
                           "0,1\n1.5,-20.0\n0.25,4.0\n",
                           "0,1.5,-20.0\n1,0.25,4.0\n",
                           "     0   1\n0  1.5 -20\n1  0.25 4\n",
                           "\"V1\" \"V2\"\n\"1\" 1.5 -20\n\"2\" 0.25 4\n",
                           "name,a,b\nx,1.5,-20\ny,0.25,4\n",
                           "index,a,b\n0,1.5,-20\n1,0.25,4\n",
                           "V,mW\n1.5,-20\n0.25,4\n"})
    expect_read(text, 2, reals);
  expect_read(std::string("\xFF\xFE"
                          "1\0,\0002\0\n\0003\0,\0004\0",
                          16),
              2, whole);
  expect_read(std::string("1\0,\0002\0\n\0003\0,\0004\0", 14), 2, whole);
  expect_read(std::string("\0001\0,\0002\0\n\0003\0,\0004", 14), 2, whole);
}

TEST(TextMatrix, ReadsComplexNumbersInEveryNotation) {
  for (const char* text : {"0.5+1.5j,-2j\n3,j\n",
                           "0.5+1.5i;0-2i\n3+0i;1i\n",
                           "0.5 + 1.5i   0.0 - 2.0i\n3.0 + 0.0i   0.0 + 1.0i\n",
                           "0.5 + 1.5im,0.0 - 2.0im\n3.0 + 0.0im,im\n",
                           "0.5 + 1.5*I,-2. I\n3,I\n",
                           "0.5+1.5J,-2J\n3,J\n",
                           " (5.0e-01+1.5e+00j)  (0.0e+00+-2.0e+00j)\n (3+0j) (0+1j)\n",
                           "(0.5,1.5) (0,-2)\n(3,0) (0,1)\n",
                           "(0.5, 1.5),(0, -2)\n(3, 0),(0, 1)\n",
                           "[[0.5+1.5j 0. -2.j ]\n [3. +0.j  0. +1.j ]]\n",
                           "{{Complex[0.5, 1.5], -2 I}, {3, I}}",
                           "[0.5+1.5im 0.0-2.0im; 3.0+0.0im 0.0+1.0im]",
                           "0,5+1,5i;-2i\n3;i\n",
                           "(0,5;1,5)\t(0;-2)\n(3;0)\t(0;1)\n",
                           "0.5+j1.5,-j*2\n3,j\n",
                           "complex(0.5,1.5);complex(0,-2)\n3;1i\n",
                           "ComplexF64[0.5+1.5im 0.0-2.0im; 3.0+0.0im 0.0+1.0im]",
                           "Matrix([[0.5 + 1.5*I, -2*I], [3, I]])",
                           ",0,1\n0,(0.5+1.5j),-2j\n1,(3+0j),1j\n",
                           "1.5j+0.5,-2j\n3,j\n"})
    expect_read(text, 2, mixed);
}

TEST(TextMatrix, ShowsBothReadingsWhereTwoAreThere) {
  for (const auto& [text, one, other] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"1,000;2,500\n3,250;4,125\n", "beginning 1, 2.5", "beginning 1000, 2500"},
           {"1,5, 2,5\n3,5, 4,5\n", "2 x 4", "2 x 2"},
           {"1,2;3,4\n", "1 x 2", "2 x 2"},
           {"0,70710678\n0,25\n", "2 x 2", "2 x 1"},
           {"0,1\n0.5,0.25\n0.125,0.75\n", "3 x 2", "2 x 2"},
           {"0,1\n1,0\n0,1\n", "3 x 2", "2 x 2"},
           {"a,b,c\n0,0.5,0.25\n1,0.25,0.5\n", "2 x 3", "2 x 2"},
           {"1 -2j\n3 -4j\n", "2 x 2", "2 x 1"},
           {"i,j\n1,2\n3,4\n", "3 x 2", "2 x 2"},
           {"1 2\n3 4\n\n5 6\n7 8\n", "4 x 2", "2 of 2 x 2"}}) {
    const std::string why = why_refused(text);
    EXPECT_NE(why.find("can be read"), std::string::npos) << text << why;
    EXPECT_NE(why.find(one), std::string::npos) << text << why;
    EXPECT_NE(why.find(other), std::string::npos) << text << why;
  }
}

TEST(TextMatrix, TakesWholeNumbersForDataWhereNothingSpeaksAgainst) {
  expect_read("0,1\n1,0\n", 2, {0, 1, 1, 0});
  expect_read("0,1,2\n3,4,5\n", 2, {0, 1, 2, 3, 4, 5});
  expect_read("0,1,0\n0,0,1\n1,0,0\n", 3, {0, 1, 0, 0, 0, 1, 1, 0, 0});
  expect_read("1,2\n\n3,4\n", 2, whole);
  expect_read("0.5\n", 1, {0.5});
}

TEST(TextMatrix, SaysWhichCellIsNone) {
  for (const auto& [text, where] : std::vector<std::pair<std::string, std::string>>{
           {"1,2\n3,x\n", "m.csv:2: 'x' is not a number"},
           {"1.5,-2.25\n0.125,\n-0.75,0.5\n", "m.csv:2: column 2 is empty"},
           {"1,2,3\n4,,6\n7,8,9\n", "m.csv:2: column 2 is empty"},
           {"1,nan\n2,3\n", "m.csv:1: 'nan' is not a finite number"},
           {"nan,nan\n1,2\n", "m.csv:1: 'nan' is not a finite number"},
           {"1,2\n3\n", "m.csv:2: 1 columns, but the rows before have 2"},
           {"# head\n1,2\n1,5;2\n", "m.csv:3: '5;2' is not a number"},
           {"a,b\n", "m.csv:1: names, and no numbers behind them"},
           {"re0,im0,re1,im1\n1,2,3,4\n", "m.csv:1: the columns are named as real and imaginary"},
           {"U0 (real),U0 (imag)\n1,2\n3,4\n",
            "m.csv:1: the columns are named as real and imaginary"},
           {"abs0,abs1,phase0,phase1\n1,2,3,4\n",
            "m.csv:1: the columns are named as sizes and phases"},
           {"row,col,re,im\n0,0,1,2\n0,1,3,4\n", "m.csv:1: the columns are named as rows, columns"},
           {"i,j,value\n1,1,0.5\n1,2,0.25\n", "m.csv:1: the columns are named as rows, columns"},
           {"(1.5),2\n", "m.csv:1: '(1.5)' is not a number"},
           {"", "m.csv: holds no matrix"},
           {"[[1 2]\n [3 4]\n", "a bracket is not closed"},
           {"[[[1,2]],[[3,4]]]", "a matrix has two axes"},
           {"[[1. 2. ... 3.]\n [4. 5. ... 6.]]", "was printed with an ellipsis"},
           {"A =\n Columns 1 through 2\n 1 2\n", "a print of some columns at a time"},
           {"\x1F\x8B\x08", "a gzip file"},
           {std::string("PK\x03\x04\0\0", 6), "an Excel workbook"}})
    EXPECT_NE(why_refused(text).find(where), std::string::npos) << text << why_refused(text);
}

TEST(TextMatrix, ColumnsMayHaveAnyOtherNames) {
  for (const char* names : {"real,estate", "imag,image", "phase_1,phase_2", "abs_1,abs_2"})
    expect_read(std::string(names) + "\n1,2\n3,4\n", 2, whole);
  expect_read("i,j,k\n1,2,3\n4,5,6\n", 2, {1, 2, 3, 4, 5, 6});
}

TEST(TextMatrix, TakesNothingElseForANumber) {
  for (const char* text :
       {"1+2\n",     "1jj\n",     "--1\n",     "+-1\n",          "1+-+2j\n", "1e\n",
        "0x10,1\n",  "1_000,1\n", "1'000,1\n", "()\n",           "(1\n",     "1+2j+3j\n",
        "1e999,2\n", "50%,20%\n", "1/2,3\n",   "2026-11-28,1\n", "1j2j\n",   "1,000.5;2\n1,00;3\n",
        "0x1p3\n",   "j2j,1\n",   "1..2\n",    "1;2 i 2\n"})
    EXPECT_NE(why_refused(text), "read") << text;
}

TEST(MatrixMarket, ReadsEveryKind) {
  const std::string start = "%%MatrixMarket matrix ";
  expect_read(start + "array real general\n% note\n2 2\n1\n3\n2\n4\n", 2, whole);
  expect_read(start + "ARRAY Integer General\n2 2\n1\n3\n2\n4\n", 2, whole);
  expect_read(
      start + "coordinate complex general\n2 2 4\n1 1 0.5 1.5\n1 2 0 -2\n2 1 3 0\n2 2 0 1\n", 2,
      mixed);
  expect_read(start + "coordinate pattern general\n2 2 2\n1 2\n2 1\n", 2, {0, 1, 1, 0});
  expect_read(start + "coordinate real symmetric\n2 2 2\n1 1 1.5\n2 1 -2\n", 2, {1.5, -2, -2, 0});
  expect_read(start + "array real symmetric\n2 2\n1\n2\n3\n", 2, {1, 2, 2, 3});
  expect_read(start + "array double skew-symmetric\n2 2\n3\n", 2, {0, -3, 3, 0});
  expect_read(start + "array complex hermitian\n2 2\n1 0\n0 2\n3 0\n", 2, {1, {0, -2}, {0, 2}, 3});
}

TEST(MatrixMarket, RefusesWhatContradictsItsHeader) {
  for (const char* text : {"array real general\n2 2\n1\n2\n3\n",
                           "array real general\n2 2\n1\n2\n3\n4\n5\n",
                           "array real general\n30000 30000\n1\n",
                           "array pattern general\n1 1\n1\n",
                           "array real general\n0 1\n",
                           "array real hermitian\n1 1\n1\n",
                           "array real symmetric\n2 1\n1\n2\n",
                           "coordinate real general\n2 2 1\n3 1 1\n",
                           "coordinate real general\n2 2 1\n0 1 1\n",
                           "coordinate real general\n2 2 2\n1 1 1\n1 1 2\n",
                           "coordinate real symmetric\n2 2 1\n1 2 1\n",
                           "coordinate real skew-symmetric\n2 2 1\n1 1 1\n",
                           "coordinate complex hermitian\n2 2 1\n1 1 1 1\n",
                           "coordinate real general\n5000 5000 0\n",
                           "coordinate real general\n2 2 1\n1 1\n",
                           "coordinate real general\n2 2\n1 1 1\n",
                           "dense real general\n1 1\n1\n",
                           "array quaternion general\n1 1\n1\n",
                           "array real odd\n1 1\n1\n",
                           "array real\n1 1\n1\n",
                           "array real general\n1 1\nx\n",
                           "array real general\n1 1\n1 2\n",
                           "array real general\n99999999999 1\n1\n"})
    EXPECT_NE(why_refused(std::string("%%MatrixMarket matrix ") + text).find("m.csv:"),
              std::string::npos)
        << text;
}

TEST(TextMatrix, RowsWithoutNumbersAreRefused) {
  for (const char* text :
       {"[]", "[[]]", "[[],[]]", "[a, b], [], []", "[[1, 2], []]", "[[], [1, 2]]", "{{x}, {}}",
        "[[0], [], [2]]", "[[1], []]", "[;]", "a\nb\n", "x,1\n,\n", ",b\n0\n1\n"})
    EXPECT_TRUE(why_refused(text).starts_with("m.csv:")) << text << " " << why_refused(text);
}

}  // namespace
}  // namespace lightloom

// MATLAB's formats 4 and 5: every number type, byte order and kind of array, whole or cut.
#include "core/archives/matlab.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <filesystem>

#include "core/error.hpp"
#include "core/matrices/matlab_matrix.hpp"
#include "tests/made_matlab.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom {
namespace {

using made::Order;
using Complexes = std::vector<std::complex<double>>;

class Matlab : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  ComplexMatrix matrix(const std::string& bytes, const std::string& name = "") const {
    return read_matlab_matrix({made::write(path_, bytes), name});
  }
  std::string problem(const std::string& bytes, const std::string& name = "") const {
    try {
      matrix(bytes, name);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  std::string path_ = scratch_path("made.mat").string();
};

constexpr std::uint32_t double_flag = 6, complex_double = 0x806, complex_sparse = 0x805;

/// Columns (1, 2), (3, 4), (5, -6) in the number type of a tag.
template <class Number>
made::MatArray two_by_three(std::uint32_t tag, Order order) {
  const std::vector<Number> numbers{1, 2, 3, 4, 5, static_cast<Number>(-6)};
  return {.name = "u",
          .sides = {2, 3},
          .flags = double_flag,
          .parts = {{tag, made::ordered(numbers, order)}}};
}

TEST_F(Matlab, EveryNumberTypeAndByteOrderIsReadRowsFirst) {
  const auto expect = [&](const made::MatArray& array, Order order, double last) {
    const Complexes rows{1, 3, 5, 2, 4, last};
    const std::string plain = made::mat_matrix(array, order);
    EXPECT_EQ(matrix(made::mat_file({plain}, order)).values, rows) << array.parts[0].tag;
    const ComplexMatrix packed =
        matrix(made::mat_file({made::mat_compressed(plain, order)}, order));
    EXPECT_EQ(packed.values, rows) << array.parts[0].tag;
    EXPECT_EQ(packed.rows, 2);
  };
  for (const Order order : {Order::little, Order::big}) {
    expect(two_by_three<std::int8_t>(1, order), order, -6);
    expect(two_by_three<std::uint8_t>(2, order), order, 256 - 6);
    expect(two_by_three<std::int16_t>(3, order), order, -6);
    expect(two_by_three<std::uint16_t>(4, order), order, 65536 - 6);
    expect(two_by_three<std::int32_t>(5, order), order, -6);
    expect(two_by_three<std::uint32_t>(6, order), order, 4294967296 - 6);
    expect(two_by_three<float>(7, order), order, -6);
    expect(two_by_three<double>(9, order), order, -6);
    expect(two_by_three<std::int64_t>(12, order), order, -6);
    expect(two_by_three<std::uint64_t>(13, order), order, 0x1p64);  // rounded by 6
  }
}

/// [1 + i, -2.5; 0, 3 - 0.25 i], whose real parts MATLAB may store in another type than the
/// imaginary ones.
made::MatArray complex_array(Order order) {
  return {.name = "u",
          .sides = {2, 2},
          .flags = complex_double,
          .parts = {{9, made::ordered(std::vector<double>{1, 0, -2.5, 3}, order)},
                    {7, made::ordered(std::vector{1.0f, 0.0f, 0.0f, -0.25f}, order)}}};
}
const Complexes complex_rows{{1, 1}, {-2.5, 0}, {0, 0}, {3, -0.25}};

/// The same, sparse: rows 0; 0, 1 of columns that begin at 0 and 1, three numbers.
made::MatArray sparse_array(Order order) {
  return {.name = "s",
          .sides = {2, 2},
          .flags = complex_sparse,
          .parts = {{5, made::ordered(std::vector<std::int32_t>{0, 0, 1}, order)},
                    {5, made::ordered(std::vector<std::int32_t>{0, 1, 3}, order)},
                    {9, made::ordered(std::vector<double>{1, -2.5, 3}, order)},
                    {9, made::ordered(std::vector<double>{1, 0, -0.25}, order)}},
          .stored = 3};
}

/// A matrix of format 4; `kind` is 10 times its number type, and 1 for text, 2 for a sparse one.
std::string matrix4(std::int32_t kind, const std::vector<std::int32_t>& sides,
                    const std::string& numbers, Order order = Order::little) {
  const std::int32_t first = kind + (order == Order::big ? 1000 : 0);
  return made::ordered(std::vector<std::int32_t>{first, sides[0], sides[1], sides[2], 2}, order) +
         std::string("u\0", 2) + numbers;
}

TEST_F(Matlab, ComplexAndSparseArraysAreRead) {
  for (const Order order : {Order::little, Order::big}) {
    const std::string full = made::mat_matrix(complex_array(order), order),
                      sparse =
                          made::mat_compressed(made::mat_matrix(sparse_array(order), order), order);
    EXPECT_EQ(matrix(made::mat_file({full}, order)).values, complex_rows);
    EXPECT_EQ(matrix(made::mat_file({sparse}, order)).values, complex_rows);
    EXPECT_EQ(matrix(made::mat_file({full, sparse}, order), "s").values, complex_rows);
    EXPECT_NE(problem(made::mat_file({full, sparse}, order)).find("name one"), std::string::npos);
  }
}

TEST_F(Matlab, SparseArraysOfMoreRowsThanColumnsAreRead) {
  Complexes rows = complex_rows;
  rows.insert(rows.end(), 2, 0.0);
  made::MatArray array = sparse_array(Order::little);
  array.sides = {3, 2};
  const ComplexMatrix five = matrix(made::mat_file({made::mat_matrix(array)}));
  EXPECT_EQ(five.rows, 3);
  EXPECT_EQ(five.values, rows);
  const std::vector<double> stored{1, 1, 2, 3, 1, 2, 2, 2, 1, -2.5, 3, 0, 1, 0, -0.25, 0};
  const std::string bytes = made::ordered(stored, Order::little);
  EXPECT_EQ(matrix(matrix4(2, {4, 4, 0}, bytes)).values, rows);
}

TEST_F(Matlab, TextsObjectsAndArraysOfThreeAxesAreNoMatrices) {
  const made::MatArray text{.name = "t", .sides = {1, 2}, .flags = 4, .parts = {{16, "hi"}}};
  const made::MatArray three{
      .name = "x", .sides = {1, 1, 2}, .flags = double_flag, .parts = {{2, "\1\2"}}};
  // An opaque object has no sides, and MATLAB's own array at the end has no name.
  const std::string opaque = made::mat_element(
      14,
      made::mat_element(6, made::ordered(std::vector<std::uint32_t>{17, 0}, Order::little),
                        Order::little),
      Order::little);
  const made::MatArray unnamed{.name = "", .sides = {1, 2}, .parts = {{2, "\1\2"}}};
  const std::vector<std::string> others{made::mat_matrix(text), made::mat_matrix(three), opaque,
                                        made::mat_compressed(opaque), made::mat_matrix(unnamed)};
  EXPECT_NE(problem(made::mat_file(others)).find("no array of two axes"), std::string::npos);
  std::vector<std::string> all = others;
  all.push_back(made::mat_matrix(complex_array(Order::little)));
  EXPECT_EQ(matrix(made::mat_file(all)).values, complex_rows);
  EXPECT_NE(problem(made::mat_file(all), "t").find("holds no matrix 't' (it holds u)"),
            std::string::npos);
}

TEST_F(Matlab, ArraysThatContradictThemselvesAreRefused) {
  const auto with = [&](auto change) {
    made::MatArray array = sparse_array(Order::little);
    change(array);
    return made::mat_file({made::mat_matrix(array)});
  };
  using Words = std::vector<std::int32_t>;
  const auto words = [](const Words& list) { return made::ordered(list, Order::little); };
  EXPECT_EQ(problem(with([](made::MatArray&) {})), "");
  EXPECT_NE(problem(with([&](auto& a) { a.parts[0].bytes = words({0, 0, 2}); })), "");
  EXPECT_NE(problem(with([&](auto& a) { a.parts[0].bytes = words({0, -1, 1}); })), "");
  EXPECT_NE(problem(with([&](auto& a) { a.parts[1].bytes = words({0, 2, 1}); })), "");
  EXPECT_NE(problem(with([&](auto& a) { a.parts[1].bytes = words({0, 1, 4}); })), "");
  EXPECT_NE(problem(with([&](auto& a) { a.parts[1].bytes = words({0, 3}); })), "");
  EXPECT_NE(problem(with([&](auto& a) { a.parts[2].bytes.resize(16); })), "");
  EXPECT_NE(problem(with([&](auto& a) { a.parts.pop_back(); })), "");
  EXPECT_NE(problem(with([&](auto& a) { a.sides = {2, -2}; })), "");
  EXPECT_NE(problem(with([&](auto& a) { a.sides = {1 << 30, 2}; })), "");
  made::MatArray full = complex_array(Order::little);
  full.sides = {2, 3};
  EXPECT_NE(problem(made::mat_file({made::mat_matrix(full)})).find("where its shape needs 6"),
            std::string::npos);
  full.sides = {0, 2};
  EXPECT_NE(problem(made::mat_file({made::mat_matrix(full)})).find("is empty"), std::string::npos);
  EXPECT_NE(problem("MATLAB 7.3 MAT-file").find("-v7"), std::string::npos);
}

TEST_F(Matlab, APackedArrayThatGrowsPastItsHeaderIsRefused) {
  made::MatArray array = two_by_three<double>(9, Order::little);
  array.parts[0].bytes += std::string(1 << 20, '\0');
  EXPECT_NE(problem(made::mat_file({made::mat_compressed(made::mat_matrix(array))}))
                .find("longer than its header says"),
            std::string::npos);
}

TEST_F(Matlab, NoCutOrChangedFileDoesHarm) {
  const std::string good =
      made::mat_file({made::mat_matrix(sparse_array(Order::little)),
                      made::mat_compressed(made::mat_matrix(complex_array(Order::little)))});
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(problem(good.substr(0, size), "u"), "") << size;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int change : {1, 0xff}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ change);
      problem(bad, at % 2 == 0 ? "u" : "s");
    }
  }
}

TEST_F(Matlab, FormatFourIsReadInEveryNumberTypeAndByteOrder) {
  const Complexes rows{1, 3, 5, 2, 4, 6};
  for (const Order order : {Order::little, Order::big}) {
    const auto expect = [&](std::int32_t kind, const auto& numbers) {
      EXPECT_EQ(matrix(matrix4(kind, {2, 3, 0}, made::ordered(numbers, order), order)).values, rows)
          << kind;
    };
    expect(0, std::vector<double>{1, 2, 3, 4, 5, 6});
    expect(10, std::vector<float>{1, 2, 3, 4, 5, 6});
    expect(20, std::vector<std::int32_t>{1, 2, 3, 4, 5, 6});
    expect(30, std::vector<std::int16_t>{1, 2, 3, 4, 5, 6});
    expect(40, std::vector<std::uint16_t>{1, 2, 3, 4, 5, 6});
    expect(50, std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6});
  }
}

TEST_F(Matlab, FormatFourHasComplexAndSparseMatricesToo) {
  const std::string text = matrix4(51, {1, 2, 0}, "hi");
  const std::vector<double> parts{1, 0, -2.5, 3, 1, 0, 0, -0.25};
  EXPECT_EQ(matrix(text + matrix4(0, {2, 2, 1}, made::ordered(parts, Order::little))).values,
            complex_rows);
  // Rows, columns, real parts, imaginary parts; the sides behind the first two.
  const std::vector<double> sparse{1, 1, 2, 2, 1, 2, 2, 2, 1, -2.5, 3, 0, 1, 0, -0.25, 0};
  const std::string bytes = made::ordered(sparse, Order::little);
  EXPECT_EQ(matrix(matrix4(2, {4, 4, 0}, bytes)).values, complex_rows);
  EXPECT_NE(problem(matrix4(2, {4, 2, 0}, bytes.substr(0, 64))), "") << "no numbers";
  std::vector<double> outside = sparse;
  outside[2] = 3;
  EXPECT_NE(problem(matrix4(2, {4, 4, 0}, made::ordered(outside, Order::little))), "");
  const std::string good = matrix4(2, {4, 4, 0}, bytes);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(problem(good.substr(0, size)), "") << size;
  EXPECT_NE(problem(good + "x").find("is not a MATLAB file, or is damaged"), std::string::npos);
  EXPECT_NE(problem(matrix4(2000, {1, 1, 0}, std::string(8, '\0'))), "") << "of a VAX";
}

TEST_F(Matlab, AnArrayThatUnpacksToFarMoreThanItsBytesIsRefused) {
  // The head of an array of 300 MiB, and its zeros: a long element whose bytes go on as zeros.
  std::string head = made::mat_matrix({.name = "u",
                                       .sides = {6400, 6144},
                                       .flags = double_flag,
                                       .parts = {{9, std::string(8, '\0')}}});
  head.replace(4, 4, made::little_endian(std::uint32_t{300 << 20} + 64));
  head.replace(head.size() - 12, 4, made::little_endian(std::uint32_t{300 << 20}));
  const std::string packed = "\x78\x9c" + made::deflated_part(head) + made::deflated_zeros(300);
  const std::string file = made::mat_file({made::mat_element(15, packed, Order::little)});
  EXPECT_NE(problem(file).find("more than 64 times"), std::string::npos) << problem(file);
}

}  // namespace
}  // namespace lightloom

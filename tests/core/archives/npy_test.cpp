// NumPy arrays as their bytes: every number type, byte order and machine.
#include "core/archives/npy.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom {
namespace {

template <class Number>
std::string npy_of(const std::string& type, const std::vector<std::int64_t>& shape,
                   const std::vector<Number>& values) {
  std::vector<std::uint8_t> bytes(values.size() * sizeof(Number));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return npy_bytes(type, shape, bytes);
}

std::string saved(const std::string& bytes) {
  std::string path = scratch_path("array.npy").string();
  write_file(path, bytes);
  return path;
}

TEST(Npy, ReadsBackWhatItWrites) {
  const NpyArray array = read_npy(saved(npy_of<double>("<f8", {2, 3}, {1, -2, 3.5, 4, 5, 6e-300})));
  EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(array.type(), "<f8");
  EXPECT_EQ(array.real(2), 3.5);
  EXPECT_EQ(array.real(5), 6e-300);
  EXPECT_EQ(array.imaginary(1), 0);
}

TEST(Npy, KeepsTheSignOfEveryInteger) {
  EXPECT_EQ(read_npy(saved(npy_of<std::int8_t>("|i1", {2}, {-1, 7}))).integer(0), -1);
  EXPECT_EQ(read_npy(saved(npy_of<std::uint8_t>("|u1", {2}, {255, 7}))).integer(0), 255);
  EXPECT_EQ(read_npy(saved(npy_of<std::int16_t>("<i2", {1}, {-300}))).integer(0), -300);
  EXPECT_EQ(read_npy(saved(npy_of<std::uint32_t>("<u4", {1}, {4000000000u}))).integer(0),
            4000000000);
  const std::string all_ones = npy_of<std::uint64_t>("<u8", {1}, {~std::uint64_t{0}});
  EXPECT_EQ(read_npy(saved(all_ones)).integer(0), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(read_npy(saved(all_ones)).real(0), 18446744073709551616.0);
}

TEST(Npy, ReadsComplexNumbersOfBothWidths) {
  const NpyArray narrow = read_npy(saved(npy_of<float>("<c8", {2}, {1, 2, 3, -4})));
  EXPECT_EQ(narrow.real(1), 3);
  EXPECT_EQ(narrow.imaginary(1), -4);
  const NpyArray wide = read_npy(saved(npy_of<double>("<c16", {2}, {1, 2, 3, -4})));
  EXPECT_EQ(wide.imaginary(0), 2);
}

TEST(Npy, ReadsEveryByteOrder) {
  // 1.5 is 3FF8 0000 0000 0000 and 3FC0 0000, -2 as an integer FFFE.
  const std::vector<std::uint8_t> wide{0x3F, 0xF8, 0, 0, 0, 0, 0, 0},
      pair{0x3F, 0xC0, 0, 0, 0xBF, 0xC0, 0, 0}, whole{0xFF, 0xFE};
  EXPECT_EQ(read_npy(saved(npy_bytes(">f8", std::vector<std::int64_t>{1}, wide))).real(0), 1.5);
  const NpyArray complex = read_npy(saved(npy_bytes(">c8", std::vector<std::int64_t>{1}, pair)));
  EXPECT_EQ(complex.real(0), 1.5);
  EXPECT_EQ(complex.imaginary(0), -1.5);
  EXPECT_EQ(read_npy(saved(npy_bytes(">i2", std::vector<std::int64_t>{1}, whole))).integer(0), -2);
}

TEST(Npy, ReadsHalves) {
  // Sign, 5 bits of exponent (bias 15), 10 of mantissa: 1.5, -2, the smallest 2^-24, the largest.
  const NpyArray array =
      read_npy(saved(npy_of<std::uint16_t>("<f2", {5}, {0x3E00, 0xC000, 1, 0x7BFF, 0x7C00})));
  EXPECT_EQ(array.type(), "<f4");
  EXPECT_EQ(array.real(0), 1.5);
  EXPECT_EQ(array.real(1), -2);
  EXPECT_EQ(array.real(2), std::ldexp(1.0, -24));
  EXPECT_EQ(array.real(3), 65504);
  EXPECT_EQ(array.real(4), std::numeric_limits<double>::infinity());
}

/// 16 bytes of a long double, low word first.
std::vector<std::uint8_t> long_bytes(const std::vector<std::uint64_t>& words) {
  std::vector<std::uint8_t> bytes(words.size() * 8);
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return bytes;
}

TEST(Npy, ReadsLongDoublesOfBothKinds) {
  const std::vector<std::int64_t> two{2};
  // x87: mantissa with its leading one, then the exponent (bias 16383) and padding left to chance.
  const NpyArray x87 =
      read_npy(saved(npy_bytes("<f16", two,
                               long_bytes({0xC000000000000000, 0xBFE8000000003FFF,
                                           0x9000000000000000, 0x400800000000C000}))));
  EXPECT_EQ(x87.type(), "<f8");
  EXPECT_EQ(x87.real(0), 1.5);
  EXPECT_EQ(x87.real(1), -2.25);
  // IEEE quadruple: 1/3 rounded to 112 bits, and 1.5.
  const NpyArray quadruple = read_npy(saved(npy_bytes(
      "<f16", two, long_bytes({0x5555555555555555, 0x3FFD555555555555, 0, 0x3FFF800000000000}))));
  EXPECT_EQ(quadruple.real(0), 1.0 / 3);
  EXPECT_EQ(quadruple.real(1), 1.5);
  const NpyArray complex = read_npy(
      saved(npy_bytes("<c32", std::vector<std::int64_t>{1},
                      long_bytes({0xC000000000000000, 0x3FFF, 0x8000000000000000, 0xBFFE}))));
  EXPECT_EQ(complex.real(0), 1.5);
  EXPECT_EQ(complex.imaginary(0), -0.5);
  EXPECT_THROW(read_npy(saved(npy_bytes(
                   "<f16", two, long_bytes({0x1234567812345678, 0x7123456781234567, 1, 1})))),
               Error);
}

TEST(Npy, RefusesWhatItCannotReadWhole) {
  const std::string good = npy_of<double>("<f8", {2, 2}, {1, 2, 3, 4});
  EXPECT_THROW(read_npy(saved(good.substr(0, good.size() - 1))), Error);
  EXPECT_THROW(read_npy(saved(good + "x")), Error);
  EXPECT_THROW(read_npy(saved(good.substr(0, 40))), Error);
  EXPECT_THROW(read_npy(saved("not an array")), Error);
  EXPECT_THROW(read_npy(saved(npy_of<double>("<U2", {1}, {1}))), Error);
  EXPECT_THROW(read_npy(scratch_path("none.npy").string()), Error);
  std::string shape = good;
  shape.replace(shape.find("(2, 2)"), 6, "(-2,2)");
  EXPECT_THROW(read_npy(saved(shape)), Error);
  shape.replace(shape.find("(-2,2)"), 6, "(9e9,)");
  EXPECT_THROW(read_npy(saved(shape)), Error);
  std::string long_side = npy_of<double>("<f8", {1}, {1});
  long_side.replace(long_side.find("(1,), }                "), 23, "(99999999999999999999,)");
  EXPECT_THROW(read_npy(saved(long_side)), Error);
}

}  // namespace
}  // namespace lightloom

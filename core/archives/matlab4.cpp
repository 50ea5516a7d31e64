#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "core/archives/matlab_formats.hpp"
#include "core/error.hpp"

namespace lightloom {
namespace {

/// A matrix of format 4: five words, its name, its numbers column by column, the real parts first.
struct Matrix4 {
  NumberType type;
  bool is_text = false, is_sparse = false;
  std::int64_t rows = 0, columns = 0;  // as stored: of a sparse one, a row for each number and one
  int parts = 1;                       // 2: complex
  std::string name;
  std::size_t data = 0, size = 0;  // where its numbers begin, and their bytes
};

constexpr std::size_t matrix4_words = 5;

std::array<std::int32_t, matrix4_words> words_of(const std::string& bytes, std::size_t at,
                                                 bool swapped) {
  std::array<std::int32_t, matrix4_words> words{};
  for (std::int32_t& word : words) {
    std::array<char, 4> raw{};
    std::copy_n(bytes.data() + at, 4, raw.begin());
    if (swapped) std::reverse(raw.begin(), raw.end());
    word = std::bit_cast<std::int32_t>(raw);
    at += 4;
  }
  return words;
}

/// The matrix that begins at `at`. Its first word is, in decimal digits: byte order (0 little, 1
/// big; others are of the VAX and the Cray), 0, number type, kind of matrix.
Matrix4 matrix4_at(const MatlabFile& file, std::size_t at) {
  static constexpr std::array<NumberType, 6> types{
      {{'f', 8}, {'f', 4}, {'i', 4}, {'i', 2}, {'u', 2}, {'u', 1}}};
  const auto check = [&](bool legal) {
    require(legal, "'{}' is not a MATLAB file, or is damaged", file.path);
  };
  constexpr std::size_t head = 4 * matrix4_words;
  check(file.bytes.size() - at >= head);
  const auto is_kind = [](std::int32_t word) {
    return word >= 0 && word / 10 < 6 && word % 10 <= 2;
  };
  const bool swapped = !is_kind(words_of(file.bytes, at, false)[0]);
  const auto words = words_of(file.bytes, at, swapped);
  check(words[0] >= 0);
  const std::int32_t kind = words[0] - (swapped ? 1000 : 0);
  constexpr std::int32_t longest_name = 4096;
  check(is_kind(kind) && words[1] >= 0 && words[2] >= 0 && (words[3] == 0 || words[3] == 1) &&
        words[4] >= 1 && words[4] <= longest_name);
  Matrix4 matrix{.type = types[static_cast<std::size_t>(kind / 10)],
                 .is_text = kind % 10 == 1,
                 .is_sparse = kind % 10 == 2,
                 .rows = words[1],
                 .columns = words[2],
                 .parts = 1 + words[3],
                 .name = {},
                 .data = at + head + static_cast<std::size_t>(words[4])};
  matrix.type.swapped = swapped;
  check(matrix.data <= file.bytes.size());
  matrix.name = file.bytes.substr(at + head, static_cast<std::size_t>(words[4]));
  matrix.name.resize(std::min(matrix.name.size(), matrix.name.find('\0')));
  const double size = static_cast<double>(matrix.rows) * static_cast<double>(matrix.columns) *
                      matrix.type.width * matrix.parts;
  require(size <= static_cast<double>(file.bytes.size() - matrix.data),
          "'{}' ends too early (the file is truncated or damaged)", file.path);
  matrix.size = static_cast<std::size_t>(size);
  return matrix;
}

MatlabNumbers stored_numbers(const MatlabFile& file, const Matrix4& matrix) {
  const auto* from = reinterpret_cast<const std::uint8_t*>(file.bytes.data()) + matrix.data;
  return {.type = matrix.type, .bytes = {from, from + matrix.size}};
}

/// A sparse matrix is one of three columns, of four if it is complex: row, column from 1 on, and
/// number; the last row has its sides and a zero.
MatlabHeader header4(const MatlabFile& file, const Matrix4& matrix) {
  MatlabHeader header{.name = matrix.name,
                      .shape = {matrix.rows, matrix.columns},
                      .is_sparse = matrix.is_sparse,
                      .is_complex = matrix.parts == 2};
  if (!matrix.is_sparse) return header;
  const bool legal =
      matrix.rows >= 1 && matrix.parts == 1 && (matrix.columns == 3 || matrix.columns == 4);
  require(legal, "'{}': '{}' is damaged", file.path, matrix.name);
  const MatlabNumbers numbers = stored_numbers(file, matrix);
  const auto rows = static_cast<std::size_t>(matrix.rows);
  for (const std::size_t axis : {std::size_t{0}, std::size_t{1}}) {
    const double side = numbers.at(axis * rows + rows - 1);
    require(side >= 0 && side < 0x1p31, "'{}' is damaged (a side of {})", file.path, side);
    header.shape[axis] = static_cast<std::int64_t>(side);
  }
  header.is_complex = matrix.columns == 4;
  return header;
}

/// Columns `from` of a matrix that holds a sparse one, without the last row.
MatlabNumbers column4(const MatlabNumbers& numbers, std::size_t rows, std::size_t from) {
  const auto width = static_cast<std::size_t>(numbers.type.width);
  const std::uint8_t* begin = numbers.bytes.data() + from * rows * width;
  return {.type = numbers.type, .bytes = {begin, begin + (rows - 1) * width}};
}

MatlabArray sparse4(const MatlabFile& file, const Matrix4& matrix, const MatlabHeader& header) {
  const MatlabNumbers numbers = stored_numbers(file, matrix);
  const auto rows = static_cast<std::size_t>(matrix.rows);
  MatlabArray array{.real = column4(numbers, rows, 2), .imaginary = {}};
  if (header.is_complex) array.imaginary = column4(numbers, rows, 3);
  for (std::size_t k = 0; k + 1 < rows; ++k) {
    const double row = numbers.at(k), column = numbers.at(rows + k);
    require(row >= 1 && column >= 1 && row <= static_cast<double>(header.shape[0]) &&
                column <= static_cast<double>(header.shape[1]),
            "'{}': '{}' is damaged", file.path, header.name);
    array.places.push_back(static_cast<std::size_t>(row) - 1 +
                           static_cast<std::size_t>(header.shape[0]) *
                               (static_cast<std::size_t>(column) - 1));
  }
  return array;
}

}  // namespace

std::vector<MatlabHeader> matlab4_arrays(const MatlabFile& file) {
  std::vector<MatlabHeader> arrays;
  std::size_t at = 0;
  do {
    const Matrix4 matrix = matrix4_at(file, at);
    if (!matrix.is_text) {
      arrays.push_back(header4(file, matrix));
      arrays.back().start = at;
    }
    at = matrix.data + matrix.size;
  } while (at < file.bytes.size());
  return arrays;
}

MatlabArray read_matlab4(const MatlabFile& file, const MatlabHeader& header) {
  const Matrix4 matrix = matrix4_at(file, header.start);
  if (header.is_sparse) return sparse4(file, matrix, header);
  MatlabArray array{.real = stored_numbers(file, matrix), .imaginary = {}};
  if (header.is_complex) {
    const auto half = static_cast<std::ptrdiff_t>(matrix.size / 2);
    array.imaginary = {.type = matrix.type,
                       .bytes = {array.real.bytes.begin() + half, array.real.bytes.end()}};
    array.real.bytes.resize(matrix.size / 2);
  }
  return array;
}

}  // namespace lightloom

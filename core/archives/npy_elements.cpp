#include "core/archives/npy_elements.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.hpp"

namespace lightloom {
namespace {

/// sign, exponent of the last bit, and mantissa, as a double.
double assembled(bool negative, int exponent, std::uint64_t mantissa) {
  const double size = std::ldexp(static_cast<double>(mantissa), exponent);
  return negative ? -size : size;
}

/// A long double taken apart; both kinds have 15 bits of exponent of bias 16383.
struct Extended {
  std::uint64_t low = 0;  // x87: the mantissa with its leading one
  std::uint64_t high =
      0;  // x87: sign and exponent in the lowest 16 bits; quadruple: in the highest
};

Extended extended_at(const std::uint8_t* at, int width) {
  Extended value;
  std::memcpy(&value.low, at, 8);
  std::memcpy(&value.high, at + 8, static_cast<std::size_t>(width - 8));
  return value;
}

double special(bool negative, bool infinite) {
  const double size =
      infinite ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  return negative ? -size : size;
}

double from_x87(const Extended& value) {
  const int exponent = static_cast<int>(value.high & 0x7FFF);
  const bool negative = ((value.high >> 15) & 1) != 0;
  if (exponent == 0x7FFF) return special(negative, (value.low << 1) == 0);
  return assembled(negative, std::max(exponent, 1) - 16383 - 63, value.low);
}

double from_quadruple(const Extended& value) {
  const int exponent = static_cast<int>((value.high >> 48) & 0x7FFF);
  const bool negative = (value.high >> 63) != 0;
  const std::uint64_t fraction = value.high & ((std::uint64_t{1} << 48) - 1);
  if (exponent == 0x7FFF) return special(negative, fraction == 0 && value.low == 0);
  // The first 63 bits of the mantissa; what is left cannot change a double but at a tie.
  const std::uint64_t leading = exponent == 0 ? 0 : std::uint64_t{1} << 62;
  const std::uint64_t mantissa =
      leading | fraction << 14 | value.low >> 50 | ((value.low << 14) != 0 ? 1u : 0u);
  return assembled(negative, std::max(exponent, 1) - 16383 - 62, mantissa);
}

/// A size that numbers have: bytes taken for the wrong kind give other ones.
bool is_usual(double value) { return std::abs(value) > 1e-200 && std::abs(value) < 1e200; }

/// Whether the bytes are what x87 makes: a leading one unless all is zero. What is in the padding,
/// NumPy leaves to chance.
bool may_be_x87(const Extended& value) {
  if (value.low == 0) return (value.high & 0x7FFF) == 0;
  const double number = from_x87(value);
  return (value.low >> 63) != 0 && (is_usual(number) || !std::isfinite(number));
}
bool may_be_quadruple(const Extended& value) {
  return (value.low == 0 && (value.high << 1) == 0) || is_usual(from_quadruple(value));
}

/// The floating-point numbers of an array, each of `width` bytes, as doubles.
std::vector<double> long_doubles(const std::vector<std::uint8_t>& bytes, int width,
                                 const std::string& path) {
  std::vector<Extended> all;
  for (std::size_t at = 0; at < bytes.size(); at += static_cast<std::size_t>(width))
    all.push_back(extended_at(bytes.data() + at, width));
  // Of random quadruples one in fifty looks like a number of x87, so that all do by no chance.
  const bool x87 = std::all_of(all.begin(), all.end(), may_be_x87);
  const bool shown =
      std::any_of(all.begin(), all.end(), [](const Extended& v) { return v.low != 0; });
  const bool quadruple = width == 16 && std::all_of(all.begin(), all.end(), may_be_quadruple);
  require(x87 || quadruple,
          "'{}': its long doubles are of a machine that is not known here (save it with "
          ".astype('f8'))",
          path);
  std::vector<double> values(all.size());
  std::transform(all.begin(), all.end(), values.begin(),
                 x87 && (shown || !quadruple) ? from_x87 : from_quadruple);
  return values;
}

template <class Number>
std::vector<std::uint8_t> bytes_of(const std::vector<Number>& numbers) {
  std::vector<std::uint8_t> bytes(numbers.size() * sizeof(Number));
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return bytes;
}

}  // namespace

void to_native(const NumberType& element, const std::string& path, NpyArray& array) {
  const int parts = element.kind == 'c' ? 2 : 1, width = element.width / parts;
  array.kind = element.kind;
  array.width = element.width;
  if (element.swapped)
    for (auto at = array.bytes.begin(); at != array.bytes.end(); at += width)
      std::reverse(at, at + width);
  const bool is_float = element.kind == 'f' || element.kind == 'c';
  if (is_float && width == 2) {
    std::vector<float> numbers(array.bytes.size() / 2);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      std::uint16_t bits = 0;
      std::memcpy(&bits, array.bytes.data() + 2 * i, 2);
      numbers[i] = half_number(bits);
    }
    array.bytes = bytes_of(numbers);
    array.width = 4 * parts;
  } else if (is_float && width > 8) {
    array.bytes = bytes_of(long_doubles(array.bytes, width, path));
    array.width = 8 * parts;
  }
}

}  // namespace lightloom

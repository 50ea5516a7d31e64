#pragma once

#include <cstdint>
#include <string>

namespace lightloom::nn::onnx {

/// Element types of ONNX tensors, with the numbers of TensorProto.DataType. Floating values are
/// held as float (so a double keeps 24 bits), integer and boolean ones as int64.
enum class ElementType {
  float32 = 1,
  uint8 = 2,
  int8 = 3,
  uint16 = 4,
  int16 = 5,
  int32 = 6,
  int64 = 7,
  text = 8,
  boolean = 9,
  float16 = 10,
  float64 = 11,
  uint32 = 12,
  uint64 = 13,
  bfloat16 = 16,
  uint4 = 21,
  int4 = 22,
  uint2 = 25,
  int2 = 26,
};

/// Whether arrays can hold it.
bool held(ElementType type);
bool is_integer(ElementType type);

/// ONNX's name of the type, "type 17" for numbers without one.
std::string name_of(ElementType type);

/// The value as the type can hold it: floats rounded to nearest even, integers modulo 2^bits.
float rounded(double value, ElementType type);
std::int64_t wrapped(std::int64_t value, ElementType type);

/// The smallest and largest value of an integer type.
std::int64_t lowest(ElementType type);
std::int64_t highest(ElementType type);

/// IEEE binary16 and bfloat16 bit patterns as numbers.
float half_value(std::uint16_t bits);
float brain_value(std::uint16_t bits);

}  // namespace lightloom::nn::onnx

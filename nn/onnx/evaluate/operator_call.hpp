#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "nn/onnx/model/unsupported.hpp"

namespace lightloom::nn::onnx {

using Dims = std::vector<std::int64_t>;

/// More elements or work than any file may ask for.
class TooLarge : public Error {
 public:
  using Error::Error;
};

/// One operator about to be evaluated.
struct OperatorCall {
  const Operation& operation;
  std::vector<const Array*> inputs;  // null where an optional one is left out
  std::int64_t opset = 0;
};

/// What an operator computes, output by output.
using OperatorFunction = std::vector<Array> (*)(const OperatorCall&);
using OperatorTable = std::map<std::string_view, OperatorFunction>;

// Families of operators; each adds its own to the table.
void add_elementwise(OperatorTable& table);
void add_logic(OperatorTable& table);
void add_reductions(OperatorTable& table);
void add_selections(OperatorTable& table);
void add_layout(OperatorTable& table);
void add_indexing(OperatorTable& table);
void add_constants(OperatorTable& table);
void add_products(OperatorTable& table);
void add_convolutions(OperatorTable& table);
void add_pooling(OperatorTable& table);
void add_normalisation(OperatorTable& table);
void add_attention(OperatorTable& table);
// Those of nn/onnx/operators.
void add_quantisers(OperatorTable& table);
void add_integer_products(OperatorTable& table);
void add_recurrent(OperatorTable& table);

[[nodiscard]] bool has(const OperatorCall& call, std::size_t input);
/// Throws `Unsupported` when the input is missing or of a type that arrays cannot hold.
const Array& input(const OperatorCall& call, std::size_t number);
/// The same for inputs that must be floating or integer.
const Array& float_input(const OperatorCall& call, std::size_t number);
const Array& integer_input(const OperatorCall& call, std::size_t number);
/// Whether the output is asked for.
[[nodiscard]] bool wants(const OperatorCall& call, std::size_t output);

/// Throws `Unsupported` unless the condition holds.
void support(const OperatorCall& call, bool condition, const char* otherwise);

/// `axis` from the end if negative; throws `Error` outside of [-rank, rank).
std::size_t axis_of(std::int64_t axis, std::size_t rank);
/// The attribute `axis`.
std::size_t axis_of(const OperatorCall& call, std::int64_t otherwise, std::size_t rank);
/// Axes from the attribute `axes`, or from an input where it is one; empty if neither is there.
Dims axes_of(const OperatorCall& call, std::size_t input);

/// The number of elements; throws `Error` for more than 2^28 or a negative side: no file may ask
/// for more memory than a machine has. A side of nothing leaves the others bounded.
std::int64_t checked_size(const Dims& dims);
/// The numbers of an attribute or input. Throws `TooLarge` for one beyond 2^28 either way, which
/// no array needs: sums and products of two stay within 64 bits.
const Dims& bounded(const char* key, const Dims& numbers);
/// The number of elements of a result. Throws `TooLarge` for more than 2^24 and 64 times those of
/// what it is made of: a hundred bytes may not ask for gigabytes.
std::int64_t grown_size(std::int64_t from, const Dims& dims);
/// The same of all inputs of a call.
std::int64_t grown_size(const OperatorCall& call, const Dims& dims);
/// Row-major strides.
Dims strides_of(const Dims& dims);
/// Next index of `dims` in row-major order.
void advance(Dims& index, const Dims& dims);

/// An array of zeros.
Array zeros(Dims dims, ElementType type);
/// The element `from[i]` of `array` at i, `fill` where it is -1. Floats and integers alike.
Array taken(const Array& array, Dims dims, const Dims& from, double fill = 0);
/// The same elements in another shape.
Array reshaped(const Array& array, Dims dims);

/// numpy's broadcasting; throws `Error` when the shapes do not fit.
Dims broadcast(const Dims& left, const Dims& right);
Array broadcast_to(const Array& array, const Dims& dims);

/// Element `i` as a number.
double value(const Array& array, std::int64_t i);
/// Whether `value` gives every element exactly: integers up to 2^53.
[[nodiscard]] bool exact_in_double(const Array& array);
/// Cut towards zero and wrapped to the type; the lowest of it where 64 bits do not hold the number.
std::int64_t whole(double number, ElementType type);
/// Rounds to the element type.
void round_floats(Array& array);
/// As another type: floats truncate towards zero, anything but 0 is true.
Array cast(const Array& array, ElementType type);

}  // namespace lightloom::nn::onnx

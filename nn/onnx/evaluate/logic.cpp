#include <cmath>
#include <functional>

#include "core/error.hpp"
#include "nn/onnx/evaluate/operator_call.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {
namespace {

/// A boolean of two numbers, of integers exactly. `F` compares whatever it is given.
template <class F>
std::vector<Array> relation(const OperatorCall& call) {
  const Dims dims = broadcast(input(call, 0).dims, input(call, 1).dims);
  const Array a = broadcast_to(input(call, 0), dims), b = broadcast_to(input(call, 1), dims);
  Array out = zeros(dims, ElementType::boolean);
  const bool whole = a.integer() && b.integer();
  for (std::size_t i = 0; i < out.integers.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    out.integers[i] = whole ? F()(a.integers[i], b.integers[i]) : F()(value(a, at), value(b, at));
  }
  return {out};
}

using Question = bool (*)(double);

template <Question F>
std::vector<Array> question(const OperatorCall& call) {
  const Array& x = input(call, 0);
  Array out = zeros(x.dims, ElementType::boolean);
  for (std::int64_t i = 0; i < out.size(); ++i) {
    out.integers[static_cast<std::size_t>(i)] = F(value(x, i));
  }
  return {out};
}

std::vector<Array> is_infinite(const OperatorCall& call) {
  const bool up = integer(call.operation, "detect_positive", 1) != 0;
  const bool down = integer(call.operation, "detect_negative", 1) != 0;
  const Array& x = input(call, 0);
  Array out = zeros(x.dims, ElementType::boolean);
  for (std::int64_t i = 0; i < out.size(); ++i) {
    const double one = value(x, i);
    out.integers[static_cast<std::size_t>(i)] = std::isinf(one) && (one > 0 ? up : down);
  }
  return {out};
}

/// Of truth values.
template <class F>
struct Logical {
  template <class T>
  bool operator()(T a, T b) const {
    return F()(a != 0, b != 0);
  }
};

bool no(double x) { return x == 0; }
bool not_a_number(double x) { return std::isnan(x); }

using Bits = std::uint64_t (*)(std::uint64_t, std::uint64_t);

template <Bits F>
std::vector<Array> bitwise(const OperatorCall& call) {
  const Dims dims = broadcast(integer_input(call, 0).dims, integer_input(call, 1).dims);
  Array a = broadcast_to(input(call, 0), dims);
  const Array b = broadcast_to(input(call, 1), dims);
  for (std::size_t i = 0; i < a.integers.size(); ++i) {
    const auto bits =
        F(static_cast<std::uint64_t>(a.integers[i]), static_cast<std::uint64_t>(b.integers[i]));
    a.integers[i] = wrapped(static_cast<std::int64_t>(bits), a.type);
  }
  return {a};
}

std::uint64_t bits_and(std::uint64_t a, std::uint64_t b) { return a & b; }
std::uint64_t bits_or(std::uint64_t a, std::uint64_t b) { return a | b; }
std::uint64_t bits_xor(std::uint64_t a, std::uint64_t b) { return a ^ b; }
std::uint64_t shift_left(std::uint64_t a, std::uint64_t b) { return b > 63 ? 0 : a << b; }
std::uint64_t shift_right(std::uint64_t a, std::uint64_t b) { return b > 63 ? 0 : a >> b; }

std::vector<Array> bit_shift(const OperatorCall& call) {
  return text(call.operation, "direction", "") == "LEFT" ? bitwise<shift_left>(call)
                                                         : bitwise<shift_right>(call);
}

std::vector<Array> bitwise_not(const OperatorCall& call) {
  Array out = integer_input(call, 0);
  for (std::int64_t& one : out.integers) one = wrapped(~one, out.type);
  return {out};
}

std::vector<Array> where(const OperatorCall& call) {
  const Array &condition = integer_input(call, 0), &x = input(call, 1), &y = input(call, 2);
  require(x.type == y.type, "Where chooses between two types");
  const Dims dims = broadcast(broadcast(condition.dims, x.dims), y.dims);
  const Array which = broadcast_to(condition, dims), no_value = broadcast_to(y, dims);
  Array out = broadcast_to(x, dims);
  for (std::size_t i = 0; i < which.integers.size(); ++i) {
    if (which.integers[i] != 0) continue;
    if (out.integer()) {
      out.integers[i] = no_value.integers[i];
    } else {
      out.floats[i] = no_value.floats[i];
    }
  }
  return {out};
}

}  // namespace

void add_logic(OperatorTable& table) {
  const std::pair<std::string_view, OperatorFunction> all[] = {
      {"Equal", relation<std::equal_to<>>},
      {"Less", relation<std::less<>>},
      {"Greater", relation<std::greater<>>},
      {"LessOrEqual", relation<std::less_equal<>>},
      {"GreaterOrEqual", relation<std::greater_equal<>>},
      {"And", relation<Logical<std::logical_and<>>>},
      {"Or", relation<Logical<std::logical_or<>>>},
      {"Xor", relation<Logical<std::not_equal_to<>>>},
      {"Not", question<no>},
      {"IsNaN", question<not_a_number>},
      {"IsInf", is_infinite},
      {"BitwiseAnd", bitwise<bits_and>},
      {"BitwiseOr", bitwise<bits_or>},
      {"BitwiseXor", bitwise<bits_xor>},
      {"BitwiseNot", bitwise_not},
      {"BitShift", bit_shift},
      {"Where", where},
  };
  table.insert(std::begin(all), std::end(all));
}

}  // namespace lightloom::nn::onnx

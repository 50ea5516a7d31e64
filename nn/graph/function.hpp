#pragma once

#include <memory>
#include <vector>

namespace lightloom::nn {

/// A function of one number as the steps that compute it, for activations that have no name of
/// their own.
struct Function {
  enum class Code {
    constant,
    negate,
    absolute,
    exponential,
    logarithm,
    root,
    error_function,
    hyperbolic_tangent,
    logistic,
    softplus,  // log(1 + exp(x)), without overflow
    sine,
    cosine,
    add,
    subtract,
    multiply,
    divide,
    maximum,
    minimum,
    power,
  };
  struct Step {
    Code code = Code::constant;
    int left = 0, right = 0;  // values: 0 is the argument, i + 1 the result of step i
    float number = 0;         // of a constant
  };
  std::vector<Step> steps;  // the last one's value is the result; none: the argument itself
};

/// Whether a step takes two values.
[[nodiscard]] constexpr bool takes_two(Function::Code code) { return code >= Function::Code::add; }
/// Whether a step takes no value.
[[nodiscard]] constexpr bool takes_none(Function::Code code) {
  return code == Function::Code::constant;
}

using FunctionPointer = std::shared_ptr<const Function>;

/// The argument itself, and a constant.
Function argument();
Function constant(float number);
/// code(f), code(f, g).
Function composed(Function::Code code, const Function& f);
Function composed(Function::Code code, const Function& f, const Function& g);
/// outer(inner(x)).
Function composed(const Function& outer, const Function& inner);

}  // namespace lightloom::nn

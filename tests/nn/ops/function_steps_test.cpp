#include "nn/ops/function_steps.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "nn/graph/function_sign.hpp"

namespace lightloom::nn {
namespace {

using Code = Function::Code;

Function made(Code code, const Function& f) { return composed(code, f); }
Function made(Code code, const Function& f, const Function& g) { return composed(code, f, g); }
const Function x = argument();

struct KnownFunction {
  const char* name;
  Function f;
  double (*expected)(double);
};

std::vector<KnownFunction> known_functions() {
  const Function half = constant(0.5f), one = constant(1);
  return {
      {"softplus", made(Code::softplus, x), [](double v) { return std::log1p(std::exp(v)); }},
      {"mish", made(Code::multiply, x, made(Code::hyperbolic_tangent, made(Code::softplus, x))),
       [](double v) { return v * std::tanh(std::log1p(std::exp(v))); }},
      {"quotient", made(Code::divide, x, made(Code::add, one, made(Code::absolute, x))),
       [](double v) { return v / (1 + std::abs(v)); }},
      {"clip", made(Code::minimum, made(Code::maximum, x, constant(-0.3f)), half),
       [](double v) { return std::min(std::max(v, double{-0.3f}), 0.5); }},
      {"power", made(Code::power, made(Code::add, made(Code::multiply, x, x), one), constant(1.5f)),
       [](double v) { return std::pow(v * v + 1, 1.5); }},
      {"waves",
       made(Code::subtract, made(Code::sine, x), made(Code::cosine, made(Code::negate, x))),
       [](double v) { return std::sin(v) - std::cos(v); }},
      {"root of a logarithm",
       made(Code::root,
            made(Code::logarithm, made(Code::add, made(Code::exponential, x), constant(2)))),
       [](double v) { return std::sqrt(std::log(std::exp(v) + 2)); }},
      {"bell", made(Code::error_function, made(Code::multiply, x, made(Code::logistic, x))),
       [](double v) { return std::erf(v / (1 + std::exp(-v))); }},
  };
}

TEST(FunctionSteps, ComputeWhatTheirFormulaSaysAndItsSlope) {
  const int count = 601;  // more than one block, and not whole ones
  Tensor in({1, 1, 1, count}), y(in.shape()), dy(in.shape()), dx(in.shape());
  for (int i = 0; i < count; ++i) in.data()[i] = static_cast<float>(i - 300) / 83.0f + 0.0007f;
  for (float& d : dy.values()) d = 2;
  for (const KnownFunction& one : known_functions()) {
    apply(one.f, in, y);
    apply_backward(one.f, in, dy, dx);
    for (int i = 0; i < count; ++i) {
      const double v = in.data()[i], h = 1e-5;
      ASSERT_NEAR(y.data()[i], one.expected(v), 2e-6 * (1 + std::abs(one.expected(v)))) << one.name;
      const double slope = (one.expected(v + h) - one.expected(v - h)) / (2 * h);
      ASSERT_NEAR(dx.data()[i], 2 * slope, 2e-5 * (1 + std::abs(slope))) << one.name << " at " << v;
    }
  }
}

TEST(FunctionSteps, AreKnownByTheirNameHoweverTheyAreWritten) {
  const Function gate =
      made(Code::divide, constant(1),
           made(Code::add, constant(1), made(Code::exponential, made(Code::negate, x))));
  EXPECT_EQ(named_activation(made(Code::multiply, gate, x)), Activation::silu);
  EXPECT_EQ(named_activation(gate), Activation::sigmoid);
  EXPECT_EQ(named_activation(made(Code::maximum, constant(0), x)), Activation::relu);
  EXPECT_EQ(named_activation(made(Code::minimum, constant(6), made(Code::maximum, x, constant(0)))),
            Activation::relu6);
  // max(x, 0) up to 100 only is no ReLU, nor is a leaky one.
  EXPECT_EQ(
      named_activation(made(Code::minimum, constant(100), made(Code::maximum, x, constant(0)))),
      std::nullopt);
  EXPECT_EQ(named_activation(made(Code::maximum, x, made(Code::multiply, x, constant(0.001f)))),
            std::nullopt);
  EXPECT_TRUE(is_argument(made(Code::add, made(Code::subtract, x, constant(0)), constant(0))));
  EXPECT_FALSE(is_argument(made(Code::multiply, x, constant(1.001f))));
}

TEST(FunctionSteps, TellWhetherTheyCanBeNegative) {
  EXPECT_TRUE(never_negative(made(Code::multiply, made(Code::softplus, x), constant(2))));
  EXPECT_TRUE(never_negative(made(Code::maximum, made(Code::sine, x), constant(0))));
  EXPECT_TRUE(never_negative(made(Code::multiply, x, x)));
  EXPECT_FALSE(never_negative(x));
  EXPECT_FALSE(never_negative(made(Code::maximum, x, constant(-1))));
  EXPECT_FALSE(never_negative(made(Code::subtract, made(Code::softplus, x), constant(1))));
}

TEST(FunctionSteps, ABranchThatWasNotTakenPassesNoGradient) {
  // min(exp(x), 1): exp(200) is infinite, yet its slope does not reach the gradient.
  const Function f = made(Code::minimum, made(Code::exponential, x), constant(1));
  Tensor in({1, 1, 1, 1}), dy({1, 1, 1, 1}), dx({1, 1, 1, 1});
  in.data()[0] = 200, dy.data()[0] = 1;
  apply_backward(f, in, dy, dx);
  EXPECT_EQ(dx.data()[0], 0);
  // Nor does that of x exp(x) in x, which is infinite too.
  apply_backward(
      made(Code::minimum, made(Code::multiply, x, made(Code::exponential, x)), constant(1)), in, dy,
      dx);
  EXPECT_EQ(dx.data()[0], 0);
}

}  // namespace
}  // namespace lightloom::nn

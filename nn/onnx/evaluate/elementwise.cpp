#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "core/error.hpp"
#include "nn/onnx/evaluate/operator_call.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {
namespace {

using Unary = double (*)(double);
using Real = std::function<double(double)>;

std::vector<Array> mapped(const Array& x, const Real& f) {
  Array y = x;
  for (float& one : y.floats) one = static_cast<float>(f(one));
  for (std::int64_t& one : y.integers) {
    const double found = f(static_cast<double>(one));
    one = std::abs(found) < 9e18 ? wrapped(static_cast<std::int64_t>(found), y.type) : 0;
  }
  round_floats(y);
  return {y};
}

/// A function of one number without parameters.
template <Unary F>
std::vector<Array> unary(const OperatorCall& call) {
  support(call, exact_in_double(input(call, 0)), "integers past 2^53");
  return mapped(input(call, 0), F);
}

double half_even(double x) { return std::nearbyint(x); }
double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double relu(double x) { return x < 0 ? 0 : x; }
double hard_swish(double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }
double mish(double x) { return x * std::tanh(softplus(x)); }
double negative(double x) { return -x; }
double reciprocal(double x) { return 1 / x; }
double softsign(double x) { return x / (1 + std::abs(x)); }

struct Parameter {
  const char* name;
  double otherwise;
};
using Parametric = double (*)(double x, double a, double b);

/// A function of one number with up to two attributes.
template <Parametric F>
std::vector<Array> parametric(const OperatorCall& call, Parameter a, Parameter b = {"", 0}) {
  const double first = real(call.operation, a.name, a.otherwise);
  const double second = real(call.operation, b.name, b.otherwise);
  return mapped(input(call, 0), [=](double x) { return F(x, first, second); });
}

double elu(double x, double alpha, double) { return x < 0 ? alpha * std::expm1(x) : x; }
double celu(double x, double alpha, double) {
  return std::max(x, 0.0) + std::min(0.0, alpha * std::expm1(x / alpha));
}
double selu(double x, double alpha, double gamma) {
  return gamma * (x > 0 ? x : alpha * std::expm1(x));
}
double leaky_relu(double x, double alpha, double) { return x < 0 ? alpha * x : x; }
double thresholded(double x, double alpha, double) { return x > alpha ? x : 0; }
double hard_sigmoid(double x, double alpha, double beta) {
  return std::clamp(alpha * x + beta, 0.0, 1.0);
}
double swish(double x, double alpha, double) { return x * sigmoid(alpha * x); }
double shrink(double x, double bias, double lambda) {
  return x < -lambda ? x + bias : x > lambda ? x - bias : 0;
}

double gelu(double x) { return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2)); }
double gelu_tanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

std::vector<Array> gelu_of(const OperatorCall& call) {
  const bool approximate = text(call.operation, "approximate", "none") == "tanh";
  return mapped(input(call, 0), approximate ? gelu_tanh : gelu);
}

/// Bounds as attributes before opset 11, inputs since.
std::vector<Array> clip(const OperatorCall& call) {
  const Array& x = input(call, 0);
  support(call, exact_in_double(x), "integers past 2^53");
  const auto bound = [&](std::size_t number, const char* key, double otherwise) {
    if (!has(call, number)) return real(call.operation, key, otherwise);
    require(input(call, number).size() == 1, "a bound of Clip must be one number");
    return value(input(call, number), 0);
  };
  const double low = bound(1, "min", -INFINITY), high = bound(2, "max", INFINITY);
  return mapped(x, [=](double one) { return std::min(std::max(one, low), high); });
}

using Binary = double (*)(double, double);
using Whole = std::int64_t (*)(std::int64_t, std::int64_t);

/// Both operands in double, or exactly in int64; the result has the left operand's type.
template <Binary F, Whole G>
Array combined(const OperatorCall& call, const Array& left, const Array& right) {
  require(left.integer() == right.integer(), "{} of a floating and an integer operand",
          call.operation.type);
  const Dims dims = broadcast(left.dims, right.dims);
  Array a = broadcast_to(left, dims);
  const Array b = broadcast_to(right, dims);
  for (std::size_t i = 0; i < a.floats.size(); ++i) {
    a.floats[i] = static_cast<float>(F(a.floats[i], b.floats[i]));
  }
  for (std::size_t i = 0; i < a.integers.size(); ++i) {
    a.integers[i] = wrapped(G(a.integers[i], b.integers[i]), a.type);
  }
  round_floats(a);
  return a;
}

template <Binary F, Whole G>
std::vector<Array> binary(const OperatorCall& call) {
  // Before opset 7 the right operand could be placed by an attribute.
  support(call, !call.operation.attributes.contains("axis"), "the broadcasting of opset 6");
  return {combined<F, G>(call, input(call, 0), input(call, 1))};
}

template <Binary F, Whole G>
std::vector<Array> variadic(const OperatorCall& call) {
  Array sum = input(call, 0);
  for (std::size_t i = 1; i < call.inputs.size(); ++i)
    sum = combined<F, G>(call, sum, input(call, i));
  return {sum};
}

double add(double a, double b) { return a + b; }
double subtract(double a, double b) { return a - b; }
double multiply(double a, double b) { return a * b; }
double divide(double a, double b) { return a / b; }
double maximum(double a, double b) { return std::isnan(a) || a > b ? a : b; }
double minimum(double a, double b) { return std::isnan(a) || a < b ? a : b; }
double prelu(double x, double slope) { return x < 0 ? slope * x : x; }
double modulo(double a, double b) { return std::fmod(a, b); }

// Unsigned arithmetic wraps where signed overflow would be undefined.
std::int64_t add_whole(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t subtract_whole(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t multiply_whole(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}
std::int64_t divide_whole(std::int64_t a, std::int64_t b) {
  require(b != 0, "an integer division by zero");
  return b == -1 ? subtract_whole(0, a) : a / b;
}
std::int64_t maximum_whole(std::int64_t a, std::int64_t b) { return std::max(a, b); }
std::int64_t minimum_whole(std::int64_t a, std::int64_t b) { return std::min(a, b); }
std::int64_t prelu_whole(std::int64_t x, std::int64_t s) {
  return x < 0 ? multiply_whole(s, x) : x;
}
std::int64_t remainder_whole(std::int64_t a, std::int64_t b) {
  require(b != 0, "an integer division by zero");
  return b == -1 ? 0 : a % b;
}
/// Python's: the sign of the divisor.
std::int64_t modulo_whole(std::int64_t a, std::int64_t b) {
  const std::int64_t rest = remainder_whole(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

std::vector<Array> mod(const OperatorCall& call) {
  const bool like_c = integer(call.operation, "fmod", 0) != 0;
  support(call, like_c || input(call, 0).integer(), "floating operands without fmod");
  return like_c ? binary<modulo, remainder_whole>(call) : binary<modulo, modulo_whole>(call);
}

/// One slope per channel before opset 7, numpy's broadcasting since.
std::vector<Array> prelu_of(const OperatorCall& call) {
  if (call.opset >= 7) return binary<prelu, prelu_whole>(call);
  const Array& x = input(call, 0);
  Array slope = input(call, 1);
  require(x.dims.size() >= 2 && (slope.size() == 1 || slope.size() == x.dims[1]),
          "PRelu needs one slope per channel");
  slope.dims = {slope.size()};
  slope.dims.resize(x.dims.size() - 1, 1);
  return {combined<prelu, prelu_whole>(call, x, slope)};
}

std::vector<Array> mean(const OperatorCall& call) {
  Array sum = variadic<add, add_whole>(call).front();
  const double count = static_cast<double>(call.inputs.size());
  return mapped(sum, [=](double one) { return one / count; });
}

/// The one binary operator whose operands may differ in type.
std::vector<Array> power(const OperatorCall& call) {
  const Array &base = input(call, 0), &exponent = input(call, 1);
  support(call, exact_in_double(base), "integers past 2^53");
  const Dims dims = broadcast(base.dims, exponent.dims);
  const Array a = broadcast_to(base, dims), b = broadcast_to(exponent, dims);
  Array out = a;
  for (std::int64_t i = 0; i < out.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double found = std::pow(value(a, i), value(b, i));
    if (out.integer()) {
      const bool fits = std::abs(found) < 9e18;
      out.integers[at] = fits ? wrapped(static_cast<std::int64_t>(found), out.type) : 0;
    } else {
      out.floats[at] = static_cast<float>(found);
    }
  }
  round_floats(out);
  return {out};
}

double sine(double x) { return std::sin(x); }
double cosine(double x) { return std::cos(x); }
double tangent(double x) { return std::tan(x); }
double square_root(double x) { return std::sqrt(x); }
double logarithm(double x) { return std::log(x); }
double exponential(double x) { return std::exp(x); }
double magnitude(double x) { return std::abs(x); }
double error_function(double x) { return std::erf(x); }
double up(double x) { return std::ceil(x); }
double down(double x) { return std::floor(x); }
double arc_sine(double x) { return std::asin(x); }
double arc_cosine(double x) { return std::acos(x); }
double arc_tangent(double x) { return std::atan(x); }
double sine_h(double x) { return std::sinh(x); }
double cosine_h(double x) { return std::cosh(x); }
double tangent_h(double x) { return std::tanh(x); }
double arc_sine_h(double x) { return std::asinh(x); }
double arc_cosine_h(double x) { return std::acosh(x); }
double arc_tangent_h(double x) { return std::atanh(x); }

void add_parametric(OperatorTable& table) {
  table["Elu"] = [](const OperatorCall& c) { return parametric<elu>(c, {"alpha", 1}); };
  table["Celu"] = [](const OperatorCall& c) { return parametric<celu>(c, {"alpha", 1}); };
  table["Selu"] = [](const OperatorCall& c) {
    return parametric<selu>(c, {"alpha", 1.67326319217681884765625},
                            {"gamma", 1.05070102214813232421875});
  };
  table["LeakyRelu"] = [](const OperatorCall& c) {
    return parametric<leaky_relu>(c, {"alpha", 0.01});
  };
  table["ThresholdedRelu"] = [](const OperatorCall& c) {
    return parametric<thresholded>(c, {"alpha", 1});
  };
  table["HardSigmoid"] = [](const OperatorCall& c) {
    return parametric<hard_sigmoid>(c, {"alpha", 0.2}, {"beta", 0.5});
  };
  table["Swish"] = [](const OperatorCall& c) { return parametric<swish>(c, {"alpha", 1}); };
  table["Shrink"] = [](const OperatorCall& c) {
    return parametric<shrink>(c, {"bias", 0}, {"lambd", 0.5});
  };
  table["Gelu"] = gelu_of;
  table["Clip"] = clip;
}

void add_arithmetic(OperatorTable& table) {
  table["Add"] = binary<add, add_whole>;
  table["Sub"] = binary<subtract, subtract_whole>;
  table["Mul"] = binary<multiply, multiply_whole>;
  table["Div"] = binary<divide, divide_whole>;
  table["PRelu"] = prelu_of;
  table["Mod"] = mod;
  table["Pow"] = power;
  table["Max"] = variadic<maximum, maximum_whole>;
  table["Min"] = variadic<minimum, minimum_whole>;
  table["Sum"] = variadic<add, add_whole>;
  table["Mean"] = mean;
}

}  // namespace

void add_elementwise(OperatorTable& table) {
  const std::pair<std::string_view, OperatorFunction> plain[] = {
      {"Abs", unary<magnitude>},
      {"Neg", unary<negative>},
      {"Ceil", unary<up>},
      {"Floor", unary<down>},
      {"Round", unary<half_even>},
      {"Sqrt", unary<square_root>},
      {"Exp", unary<exponential>},
      {"Log", unary<logarithm>},
      {"Sign", unary<sign>},
      {"Reciprocal", unary<reciprocal>},
      {"Erf", unary<error_function>},
      {"Sin", unary<sine>},
      {"Cos", unary<cosine>},
      {"Tan", unary<tangent>},
      {"Asin", unary<arc_sine>},
      {"Acos", unary<arc_cosine>},
      {"Atan", unary<arc_tangent>},
      {"Sinh", unary<sine_h>},
      {"Cosh", unary<cosine_h>},
      {"Tanh", unary<tangent_h>},
      {"Asinh", unary<arc_sine_h>},
      {"Acosh", unary<arc_cosine_h>},
      {"Atanh", unary<arc_tangent_h>},
      {"Sigmoid", unary<sigmoid>},
      {"Relu", unary<relu>},
      {"Softplus", unary<softplus>},
      {"Softsign", unary<softsign>},
      {"HardSwish", unary<hard_swish>},
      {"Mish", unary<mish>},
  };
  table.insert(std::begin(plain), std::end(plain));
  add_parametric(table);
  add_arithmetic(table);
}

}  // namespace lightloom::nn::onnx

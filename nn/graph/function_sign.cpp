#include "nn/graph/function_sign.hpp"

namespace lightloom::nn {

namespace {

bool never_negative(const Function& f, int value) {
  if (value == 0) return false;
  const Function::Step& step = f.steps[static_cast<std::size_t>(value) - 1];
  const auto left = [&] { return never_negative(f, step.left); };
  const auto right = [&] { return never_negative(f, step.right); };
  switch (step.code) {
    case Function::Code::constant:
      return step.number >= 0;
    case Function::Code::absolute:
    case Function::Code::exponential:
    case Function::Code::root:
    case Function::Code::logistic:
    case Function::Code::softplus:
      return true;
    case Function::Code::error_function:
    case Function::Code::hyperbolic_tangent:
      return left();
    case Function::Code::maximum:
      return left() || right();
    case Function::Code::multiply:
      return step.left == step.right || (left() && right());
    case Function::Code::add:
    case Function::Code::divide:
    case Function::Code::minimum:
      return left() && right();
    case Function::Code::power:
      return left();
    default:
      return false;
  }
}

}  // namespace

bool never_negative(const Function& f) {
  return never_negative(f, static_cast<int>(f.steps.size()));
}

}  // namespace lightloom::nn

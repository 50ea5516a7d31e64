#include "nn/graph/function.hpp"

#include <cassert>

namespace lightloom::nn {
namespace {

/// Appends `f` of value `of` to the steps of `whole`; the number of its result.
int append(const Function& f, int of, Function& whole) {
  const int first = static_cast<int>(whole.steps.size());
  const auto moved = [&](int value) { return value == 0 ? of : first + value; };
  for (Function::Step step : f.steps) {
    step.left = moved(step.left);
    step.right = moved(step.right);
    whole.steps.push_back(step);
  }
  return f.steps.empty() ? of : static_cast<int>(whole.steps.size());
}

}  // namespace

Function argument() { return {}; }

Function constant(float number) {
  return {.steps = {{.code = Function::Code::constant, .number = number}}};
}

Function composed(Function::Code code, const Function& f) {
  assert(!takes_two(code) && !takes_none(code));
  Function whole = f;
  whole.steps.push_back({.code = code, .left = static_cast<int>(f.steps.size())});
  return whole;
}

Function composed(Function::Code code, const Function& f, const Function& g) {
  assert(takes_two(code));
  Function whole;
  const int left = append(f, 0, whole), right = append(g, 0, whole);
  whole.steps.push_back({.code = code, .left = left, .right = right});
  return whole;
}

Function composed(const Function& outer, const Function& inner) {
  Function whole = inner;
  append(outer, static_cast<int>(inner.steps.size()), whole);
  return whole;
}

}  // namespace lightloom::nn

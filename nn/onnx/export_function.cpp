#include <map>

#include "nn/onnx/exporter.hpp"

namespace lightloom::nn::onnx {
namespace {

using Code = Function::Code;

const char* type_of(Code code) {
  static const std::map<Code, const char*> types{
      {Code::negate, "Neg"},       {Code::absolute, "Abs"},
      {Code::exponential, "Exp"},  {Code::logarithm, "Log"},
      {Code::root, "Sqrt"},        {Code::error_function, "Erf"},
      {Code::logistic, "Sigmoid"}, {Code::hyperbolic_tangent, "Tanh"},
      {Code::sine, "Sin"},         {Code::softplus, "Softplus"},
      {Code::cosine, "Cos"},       {Code::add, "Add"},
      {Code::subtract, "Sub"},     {Code::multiply, "Mul"},
      {Code::divide, "Div"},       {Code::maximum, "Max"},
      {Code::minimum, "Min"},      {Code::power, "Pow"}};
  return types.at(code);
}

}  // namespace

void export_function(Exporter& e, int n) {
  const Function& f = *e.node(n).function;
  std::vector<std::string> values{Exporter::value(e.node(n).inputs.front())};
  if (f.steps.empty()) {
    e.operation(n, "Identity");
    return;
  }
  for (std::size_t s = 0; s < f.steps.size(); ++s) {
    const Function::Step& step = f.steps[s];
    const std::string suffix = ".step" + std::to_string(s);
    if (takes_none(step.code)) {
      values.push_back(e.constant(e.node(n).name + suffix, floats_array({}, {step.number})));
      continue;
    }
    std::vector<std::string> inputs{values[static_cast<std::size_t>(step.left)]};
    if (takes_two(step.code)) inputs.push_back(values[static_cast<std::size_t>(step.right)]);
    if (s + 1 == f.steps.size())
      e.last_part(n, type_of(step.code), inputs);
    else
      values.push_back(e.part(n, type_of(step.code), suffix, inputs));
  }
}

}  // namespace lightloom::nn::onnx

#include "nn/onnx/model/attributes.hpp"

#include "nn/onnx/model/unsupported.hpp"

namespace lightloom::nn::onnx {

std::int64_t integer(const Operation& o, const std::string& key, std::int64_t otherwise) {
  const auto found = o.attributes.find(key);
  return found == o.attributes.end() || found->second.integers.empty()
             ? otherwise
             : found->second.integers.front();
}

double real(const Operation& o, const std::string& key, double otherwise) {
  const auto found = o.attributes.find(key);
  return found == o.attributes.end() || found->second.floats.empty() ? otherwise
                                                                     : found->second.floats.front();
}

std::vector<std::int64_t> integers(const Operation& o, const std::string& key,
                                   const std::vector<std::int64_t>& otherwise) {
  const auto found = o.attributes.find(key);
  return found == o.attributes.end() ? otherwise : found->second.integers;
}

const Array& array(const Operation& o, const char* key) {
  const auto found = o.attributes.find(key);
  if (found == o.attributes.end()) throw Unsupported(o, "a constant of this kind");
  const Array& values = found->second.array;
  if (!held(values.type)) throw Unsupported(o, "the element type " + name_of(values.type));
  if (!values.complete()) throw Unsupported(o, "a constant without values");
  return values;
}

std::string text(const Operation& o, const std::string& key, const std::string& otherwise) {
  const auto found = o.attributes.find(key);
  return found == o.attributes.end() ? otherwise : found->second.text;
}

}  // namespace lightloom::nn::onnx

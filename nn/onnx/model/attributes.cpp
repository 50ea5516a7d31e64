#include "nn/onnx/model/attributes.hpp"

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

std::string text(const Operation& o, const std::string& key, const std::string& otherwise) {
  const auto found = o.attributes.find(key);
  return found == o.attributes.end() ? otherwise : found->second.text;
}

}  // namespace lightloom::nn::onnx

#pragma once

#include <string>
#include <vector>

#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// Attribute readers with the operator's defaults.
std::int64_t integer(const Operation& o, const std::string& key, std::int64_t otherwise);
double real(const Operation& o, const std::string& key, double otherwise);
std::vector<std::int64_t> integers(const Operation& o, const std::string& key,
                                   const std::vector<std::int64_t>& otherwise);
/// Throws `Unsupported` where it is missing, or its values are not held.
const Array& array(const Operation& o, const char* key);
std::string text(const Operation& o, const std::string& key, const std::string& otherwise);

}  // namespace lightloom::nn::onnx

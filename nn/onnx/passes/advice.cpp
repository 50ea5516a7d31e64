#include "nn/onnx/passes/advice.hpp"

#include <algorithm>
#include <map>

#include "core/error.hpp"

namespace lightloom::nn::onnx {
namespace {

const char* const any_shape =
    "shapes may change inside an image, but the first axis must stay the number of images";
const char* const branch =
    "a branch may depend on shapes and constants alone; export it for one fixed shape of images";
const char* const loop = "unroll it: export the network for one fixed number of steps";
const char* const recurrent =
    "recurrent layers run in `onnx check` only; a network needs convolutions and matrix products";

const std::map<std::string, const char*>& advices() {
  static const std::map<std::string, const char*> all{
      {"If", branch},
      {"Loop", loop},
      {"Scan", loop},
      {"LSTM", recurrent},
      {"GRU", recurrent},
      {"RNN", recurrent},
      {"Reshape", any_shape},
      {"Flatten", any_shape},
      {"Squeeze", any_shape},
      {"Transpose", any_shape},
      {"Conv", "a Conv takes maps (images, channels, height, width) and a constant weight"},
      {"Gemm", "a Gemm takes rows (images, numbers) times a constant matrix"},
      {"MatMul", "a MatMul takes rows (images, numbers) times a constant matrix"},
      {"Div", "a division needs a constant below the line"},
      {"Cast", "changing values may be cast between floating types"},
      {"QuantizeLinear", "values of images take one positive scale and one zero point"},
      {"DequantizeLinear",
       "behind values of images it needs the scale and zero point of its QuantizeLinear"},
  };
  return all;
}

}  // namespace

std::string advice(const std::string& operation_type) {
  const auto found = advices().find(operation_type);
  if (found != advices().end()) return found->second;
  return "networks may use convolutions, matrix products, normalisations, activations, pools, "
         "arithmetic with constants and changes of shape, as docs/models/nn/onnx.md lists them";
}

void require_known_versions(const Model& model) {
  require(model.opset <= newest_opset && model.ir <= newest_ir,
          "it is written for opset {} and IR version {} (this program knows them up to {} and {}: "
          "export it with an older opset_version)",
          model.opset, model.ir, newest_opset, newest_ir);
  require(model.opset >= oldest_opset,
          "it is written for opset {} (this program knows them from {} on: export it anew, or "
          "convert it with onnx.version_converter)",
          model.opset, oldest_opset);
}

}  // namespace lightloom::nn::onnx

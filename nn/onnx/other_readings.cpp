#include "nn/onnx/other_readings.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "nn/onnx/model/attributes.hpp"
#include "nn/onnx/model/order.hpp"
#include "nn/onnx/passes/circular_padding.hpp"

namespace lightloom::nn::onnx {
namespace {

void become_identity(Operation& operation, const std::string& of) {
  operation.type = "Identity";
  operation.inputs = {of};
  operation.attributes.clear();
}

/// Quantisers that let their values pass; gives how many there are.
int leave_rounding_out(Model& model) {
  std::map<std::string, std::string> before;  // of integers, what they round
  int count = 0;
  for (Operation& operation : model.operations) {
    if (operation.type == "QuantizeLinear")
      before[operation.outputs.front()] = input_of(operation, 0);
    const bool brevitas =
        operation.type.ends_with(".Quant") || operation.type.ends_with(".IntQuant");
    const auto rounded =
        operation.type == "DequantizeLinear" ? before.find(input_of(operation, 0)) : before.end();
    if (!brevitas && rounded == before.end()) continue;
    become_identity(operation, brevitas ? input_of(operation, 0) : rounded->second);
    ++count;
  }
  return count;
}

/// Interpolations of old opsets, which know no coordinates, with those of PyTorch; gives how many
/// there are.
int sample_pixel_centres(Model& model) {
  constexpr std::int64_t coordinates_since = 11;
  if (model.opset >= coordinates_since) return 0;
  int count = 0;
  for (Operation& operation : model.operations) {
    if (operation.type != "Upsample" && operation.type != "Resize") continue;
    if (text(operation, "mode", "nearest") == "nearest") continue;
    operation.attributes["coordinate_transformation_mode"] = {.text = "half_pixel"};
    ++count;
  }
  return count;
}

}  // namespace

std::vector<OtherReading> other_readings(const Model& model) {
  std::vector<OtherReading> readings;
  Model plain = model;
  if (const int rounded = leave_rounding_out(plain); rounded > 0)
    readings.push_back({without_dead(std::move(plain)),
                        fmt::format("without the rounding of its {} quantiser{} it is as expected "
                                    "(a reference in floating point: take the outputs of a runtime "
                                    "that rounds as the file says)",
                                    rounded, rounded == 1 ? "" : "s")});
  Model centred = model;
  if (const int resized = sample_pixel_centres(centred); resized > 0)
    readings.push_back(
        {std::move(centred),
         fmt::format("with pixel centres in its {} interpolation{} it is as expected "
                     "(PyTorch's, which opset {} cannot say: export it with opset "
                     "11 or later)",
                     resized, resized == 1 ? "" : "s", model.opset)});
  Model padded = model;
  if (const int borders = place_circular_padding(padded); borders > 0)
    readings.push_back(
        {without_dead(std::move(padded)),
         fmt::format(
             "with circular padding at its {} misplaced border{} it is as expected (PyTorch "
             "before 2.0 writes them one row too early: export it with a later one)",
             borders, borders == 1 ? "" : "s")});
  return readings;
}

}  // namespace lightloom::nn::onnx

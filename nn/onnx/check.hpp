#pragma once

#include <optional>
#include <string>

namespace lightloom::nn::onnx {

/// Outcome of one operator case.
struct CaseResult {
  std::string name;                 // the folder's
  std::string status;               // "pass", "fail" or "unsupported"
  std::string operation;            // the operator that decided, else the last one of the model
  std::string path;                 // "engine", "interpreter", or "" when neither ran
  std::string reason;               // why not passed
  std::string engine_refusal;       // why the engine could not take it
  std::optional<double> max_error;  // largest |got - expected| over all outputs that were compared
};

/// Checks <folder>/model.onnx on every <folder>/test_data_set_*: input_*.pb in, output_*.pb
/// expected. What fits the engine runs through import and `Inference`, the operators that networks
/// run on; inputs after the first are taken as constants there, as weights are. Everything else
/// runs through the interpreter (nn/onnx/evaluate). A wrong result of the engine is a failure, not
/// a reason to ask the interpreter.
///
/// Floating results pass when |got - expected| <= 1e-5 + 1e-3 |expected|, the relative tolerance of
/// ONNX's own backend tests with a float32 floor, of float16 within 2^-9 (1 + |expected|), of
/// bfloat16 within 2^-6 (1 + |expected|); integer and boolean ones when they are equal.
/// Shapes and element types must agree. The reason of a failure names the other reading of the
/// file that gives what is expected, where there is one (nn/onnx/other_readings.hpp). Opsets before
/// 6 are unsupported; 6 itself is taken where its operators mean what they mean since 7.
///
/// Throws `Error` when the folder or one of its files is missing or damaged.
CaseResult check_case(const std::string& folder);

}  // namespace lightloom::nn::onnx

#pragma once

#include <string>

namespace lightloom::nn::onnx {

/// Outcome of one operator case.
struct CaseResult {
  std::string name;       // the folder's
  std::string status;     // "pass", "fail" or "unsupported"
  std::string operation;  // the operator that decided, else the last one of the model
  std::string reason;     // why not passed
  double max_error = 0;   // largest |got - expected| over all data sets
};

/// Runs <folder>/model.onnx through import and `Inference` on <folder>/test_data_set_*/input_*.pb
/// and compares with output_0.pb: |got - expected| <= 1e-5 + 1e-3 |expected|, the tolerance of
/// ONNX's own backend tests (rtol 1e-3) with a float32 floor. Inputs after the first are taken as
/// constants, as weights are. Never throws for a bad case.
CaseResult check_case(const std::string& folder);

}  // namespace lightloom::nn::onnx

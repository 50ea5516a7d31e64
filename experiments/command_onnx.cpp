#include "core/error.hpp"
#include "core/progress.hpp"
#include "experiments/command_table.hpp"
#include "experiments/text_table.hpp"
#include "nn/onnx/check.hpp"
#include "nn/onnx/model.hpp"

namespace lightloom::experiments {
namespace {

using nn::onnx::CaseResult;

Json to_json(const CaseResult& result, const std::string& folder) {
  Json json{{"case", result.name},
            {"status", result.status},
            {"operator", result.operation},
            {"max_error", nullptr}};
  if (result.max_error) json["max_error"] = *result.max_error;
  json["path"] = result.path.empty() ? Json(nullptr) : Json(result.path);
  json["folder"] = folder;
  if (result.path == "interpreter") json["engine_refusal"] = result.engine_refusal;
  if (!result.reason.empty()) json["reason"] = result.reason;
  return json;
}

std::string to_text(const std::vector<CaseResult>& results) {
  TextTable table({"case", "status", "operator", "max error", "path", "reason"});
  std::map<std::string, int> counts{{"pass", 0}, {"fail", 0}, {"unsupported", 0}};
  for (const CaseResult& result : results) {
    const std::string error = result.max_error ? fmt::format("{:.2g}", *result.max_error) : "-";
    table.row({result.name, result.status, result.operation, error,
               result.path.empty() ? "-" : result.path, result.reason});
    ++counts[result.status];
  }
  return fmt::format("{}\n{} of {} cases pass, {} fail, {} are unsupported\n", table.text(),
                     counts["pass"], results.size(), counts["fail"], counts["unsupported"]);
}

}  // namespace

CommandResult run_onnx(const CommandLine& line) {
  require(line.operands.size() >= 2 && line.operands[0] == "check",
          "lightloom onnx needs 'check' and the folders of operator cases");
  require(nn::onnx::available(),
          "this program was built without ONNX (install libonnx-dev and rebuild)");
  CommandResult result{.json = Json::array(), .text = ""};
  std::vector<CaseResult> results;
  for (std::size_t i = 1; i < line.operands.size(); ++i) {
    results.push_back(nn::onnx::check_case(line.operands[i]));
    result.json.push_back(to_json(results.back(), line.operands[i]));
  }
  result.text = to_text(results);
  return result;
}

}  // namespace lightloom::experiments

#include <map>

#include "core/error.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/studies/workbench.hpp"
#include "nn/onnx/check.hpp"
#include "nn/onnx/export.hpp"
#include "nn/onnx/fold.hpp"

namespace lightloom::experiments {
namespace {

using nn::onnx::CaseResult;

Json case_json(const CaseResult& result, const std::string& folder) {
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

std::string cases_text(const std::vector<CaseResult>& results) {
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

void require_onnx() {
  require(nn::onnx::available(),
          "this program was built without ONNX (install libonnx-dev and rebuild)");
}

Shown check(const CommandLine& line, ProgressSink& /*progress*/) {
  require_onnx();
  require(!line.operands.empty(), "lightloom onnx check needs folders of operator cases");
  Shown result{.json = Json::array(), .text = ""};
  std::vector<CaseResult> results;
  for (const std::string& folder : line.operands) {
    results.push_back(nn::onnx::check_case(folder));
    result.json.push_back(case_json(results.back(), folder));
  }
  result.text = cases_text(results);
  return result;
}

/// The network of a card, with the weights that its source regenerates.
Shown save(const CommandLine& line, ProgressSink& progress) {
  require_onnx();
  const Experiment card = read_experiment(load_given_card(line));
  const std::string output = line.output.empty() ? card.name + ".onnx" : line.output;
  require_outputs(line, {output});
  Workbench workbench(progress);
  nn::onnx::export_network(output, *workbench.student(card)->network);
  return {.json = {{"model", output}}, .text = fmt::format("model: {}\n", output)};
}

/// A network file whose batch normalisations are part of its layers.
Shown fold(const CommandLine& line, ProgressSink& /*progress*/) {
  require_onnx();
  const std::string input = only_operand(line, "an ONNX file");
  const std::string output = line.output.empty() ? input + ".folded.onnx" : line.output;
  require_outputs(line, {output});
  nn::onnx::Imported imported = nn::onnx::import_model(input);
  const int folded = nn::onnx::fold_norms(imported);
  nn::Network network = nn::onnx::network_of(std::move(imported), {});
  nn::onnx::export_network(output, network);
  return {.json = {{"model", output}, {"folded", folded}},
          .text = fmt::format("{} batch normalisations folded\nmodel: {}\n", folded, output)};
}

}  // namespace

extern const Command onnx_check_command{
    .name = "onnx check",
    .operand = "case-folder...",
    .summary = "operator cases of ONNX through our engine and the interpreter",
    .options = {},
    .run = check};
extern const Command onnx_save_command{.name = "onnx save",
                                       .operand = "card.yaml",
                                       .summary = "a card's network with its regenerated weights",
                                       .endings = {".onnx"},
                                       .options = {},
                                       .run = save};
extern const Command onnx_fold_command{.name = "onnx fold",
                                       .operand = "net.onnx",
                                       .summary = "batch normalisations into their layers",
                                       .endings = {".onnx"},
                                       .options = {},
                                       .run = fold};

}  // namespace lightloom::experiments

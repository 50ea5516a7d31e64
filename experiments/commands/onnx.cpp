#include <map>

#include "core/error.hpp"
#include "core/progress.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command_table.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/studies/workbench.hpp"
#include "nn/onnx/check.hpp"
#include "nn/onnx/export.hpp"
#include "nn/onnx/fold.hpp"

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

CommandResult check(const CommandLine& line) {
  if (!line.output.empty()) require_writable(line.output);
  CommandResult result{.json = Json::array(), .text = ""};
  std::vector<CaseResult> results;
  for (const std::string& folder : line.operands) {
    results.push_back(nn::onnx::check_case(folder));
    result.json.push_back(to_json(results.back(), folder));
  }
  if (!line.output.empty())
    write_text(line.output, result.json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  result.text = to_text(results);
  return result;
}

/// The network of a card, with the weights that its source regenerates.
CommandResult save(const CommandLine& line) {
  const Experiment card = read_experiment(load_given_card(line));
  const std::string output = line.output.empty() ? card.name + ".onnx" : line.output;
  require_writable(output);
  Workbench workbench;
  nn::onnx::export_network(output, *workbench.student(card)->network);
  return {.json = {{"model", output}}, .text = fmt::format("model: {}\n", output)};
}

/// A network file whose batch normalisations are part of its layers.
CommandResult fold(const CommandLine& line) {
  require(line.operands.size() == 1, "lightloom onnx fold takes one ONNX file");
  const std::string& input = line.operands[0];
  const std::string output = line.output.empty() ? input + ".folded.onnx" : line.output;
  require_writable(output);
  nn::onnx::Imported imported = nn::onnx::import_model(input);
  const int folded = nn::onnx::fold_norms(imported);
  nn::Network network = nn::onnx::network_of(std::move(imported), {});
  nn::onnx::export_network(output, network);
  return {.json = {{"model", output}, {"folded", folded}},
          .text = fmt::format("{} batch normalisations folded\nmodel: {}\n", folded, output)};
}

}  // namespace

CommandResult run_onnx(const CommandLine& line) {
  require(nn::onnx::available(),
          "this program was built without ONNX (install libonnx-dev and rebuild)");
  const std::map<std::string, CommandResult (*)(const CommandLine&)> actions{
      {"check", check}, {"save", save}, {"fold", fold}};
  const auto action =
      line.operands.size() < 2 ? actions.end() : actions.find(line.operands.front());
  require(action != actions.end(),
          "lightloom onnx needs 'check' and the folders of operator cases, 'save' and a card, or "
          "'fold' and an ONNX file");
  CommandLine rest = line;
  rest.operands.erase(rest.operands.begin());
  return action->second(rest);
}

}  // namespace lightloom::experiments

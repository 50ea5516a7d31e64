#include "experiments/studies/loop_output.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

Json share_json(double share) { return std::isfinite(share) ? Json(share) : Json(); }

std::string percent_or_dash(double share) { return std::isfinite(share) ? percent(share) : "-"; }

}  // namespace

Json loop_json(const LoopResult& result) {
  Json json{
      {"chip", result.chip},
      {"seed", result.seed},
      {"resumed_stages", result.resumed},
      {"validation",
       {{"before", share_json(result.validation_before)},
        {"after", share_json(result.validation_after)}}},
      {"test",
       {{"before", share_json(result.test_before)}, {"after", share_json(result.test_after)}}}};
  json["stages"] = Json::array();
  for (const LoopStage& stage : result.stages)
    json["stages"].push_back({{"layers", stage.layers},
                              {"before", share_json(stage.before)},
                              {"after", share_json(stage.after)},
                              {"kept_epoch", stage.kept_epoch}});
  return json;
}

void add_loop(Labelled& data, const LoopResult& result) {
  std::vector<std::int64_t> layers;
  for (const LoopStage& stage : result.stages) layers.push_back(stage.layers);
  data.add_axis({"loop_layers", layers, "1", "layers on the chip after a stage"});
  const auto by_stage = [&](const char* name, const char* long_name, double LoopStage::*field) {
    std::vector<double> values;
    for (const LoopStage& stage : result.stages) values.push_back(stage.*field);
    data.add({name, {"loop_layers"}, values, "1", long_name});
  };
  by_stage("loop_validation_before",
           "validation accuracy with these layers on the chip, before training the others",
           &LoopStage::before);
  by_stage("loop_validation_after",
           "validation accuracy with these layers on the chip, after training the others",
           &LoopStage::after);
  const auto add = [&](const char* name, double value, const char* long_name) {
    data.add({name, {}, std::vector<double>{value}, "1", long_name});
  };
  add("loop_chip_validation_before", result.validation_before,
      "validation accuracy on the chip, before fine-tuning");
  add("loop_chip_validation_after", result.validation_after,
      "validation accuracy on the chip, after fine-tuning");
  add("loop_chip_test_before", result.test_before, "test accuracy on the chip, before fine-tuning");
  add("loop_chip_test_after", result.test_after, "test accuracy on the chip, after fine-tuning");
  data.attributes["loop_chip"] = std::int64_t{result.chip};
}

std::string loop_text(const LoopResult& result) {
  TextTable table({"layers on the chip", "validation before", "after", ""});
  for (const LoopStage& stage : result.stages)
    table.row({fmt::format("{}", stage.layers), percent_or_dash(stage.before),
               percent_or_dash(stage.after),
               stage.kept_epoch > 0 ? fmt::format("epoch {} kept", stage.kept_epoch) : ""});
  return fmt::format(
      "{}fine-tuned on chip {}: validation accuracy on it {} before, {} after; test {}, {}\n",
      table.text(), result.chip, percent_or_dash(result.validation_before),
      percent_or_dash(result.validation_after), percent_or_dash(result.test_before),
      percent_or_dash(result.test_after));
}

}  // namespace lightloom::experiments

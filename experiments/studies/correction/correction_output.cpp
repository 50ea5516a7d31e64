#include "experiments/studies/correction/correction_output.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/statistics.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

Json known(double value) { return std::isfinite(value) ? Json(value) : Json(); }

double mean_over_chips(const std::vector<double>& values) { return summarise(values).mean; }

std::string share_text(double share) {
  return std::isfinite(share) ? fmt::format("{:.1f} %", 100 * share) : "-";
}

/// Means over chips at later ages, and what is brought back of what such chips lose.
Json aged_json(const CorrectionStudy& study, const CorrectorResult& corrector,
               const Experiment& card) {
  Json list = Json::array();
  for (std::size_t a = 0; a < corrector.aged.size(); ++a) {
    if (corrector.aged[a].empty()) continue;
    const double plain = mean_over_chips(study.aged[a]),
                 accuracy = mean_over_chips(corrector.aged[a]), lost = study.digital - plain;
    list.push_back({{"age_s", card.ages_s[a + 1]},
                    {"accuracy", accuracy},
                    {"recovered_share", lost == 0 ? Json() : Json((accuracy - plain) / lost)}});
  }
  return list;
}

Json writes_json(const cosim::WriteLedger& writes) {
  return {{"devices", writes.devices},   {"verified_devices", writes.verified_devices},
          {"writes", writes.writes},     {"time_s", 1e-6 * writes.time_us},
          {"readings", writes.readings}, {"energy_J", 1e-9 * writes.energy_nJ}};
}

Json corrector_json(const CorrectionStudy& study, const CorrectorResult& corrector,
                    const Experiment& card) {
  const Summary accuracy = summarise(corrector.accuracy);
  Json json{{"accuracy", accuracy.mean},
            {"standard_error", accuracy.standard_error},
            {"recovered_share", known(study.recovered(corrector.accuracy))},
            {"stored_numbers", corrector.stored_numbers},
            {"verified_writes", corrector.verified_writes},
            {"equal_verified_writes", known(study.equal_writes(corrector))},
            {"accuracy_by_chip", corrector.accuracy},
            {"multiplies", corrector.work.multiplies},
            {"adds", corrector.work.adds},
            {"writes", writes_json(corrector.writes)}};
  if (!corrector.foreign.empty()) {
    json["foreign_accuracy"] = mean_over_chips(corrector.foreign);
    json["foreign_by_chip"] = corrector.foreign;
  }
  if (study.cost_known) {
    json["added_time_s"] = corrector.added_time_s;
    json["added_energy_J"] = corrector.added_energy_J;
  }
  if (!corrector.loss_before.empty())
    json["tuning"] = {{"loss_before", mean_over_chips(corrector.loss_before)},
                      {"loss_after", mean_over_chips(corrector.loss_after)}};
  if (!study.aged.empty()) json["ages"] = aged_json(study, corrector, card);
  return json;
}

std::string tail_text(const CorrectionStudy& study, const Experiment& card) {
  std::string text;
  if (study.cost_known)
    text += fmt::format("without correctors a batch of {} takes {} and {}\n", study.batch,
                        with_prefix(study.time_s, "s"), with_prefix(study.energy_J, "J"));
  for (const CorrectorResult& corrector : study.correctors)
    for (std::size_t a = 0; a < corrector.aged.size() && !corrector.aged[a].empty(); ++a)
      text += fmt::format("{:g} s old: {} {} (as it is {})\n", card.ages_s[a + 1], corrector.name,
                          percent(mean_over_chips(corrector.aged[a])),
                          percent(mean_over_chips(study.aged[a])));
  if (!study.note.empty()) text += study.note + "\n";
  return text;
}

}  // namespace

Json correction_json(const CorrectionStudy& study, const Experiment& card) {
  Json json{{"accuracy", {{"digital", study.digital}, {"chips", mean_over_chips(study.none)}}},
            {"chips", study.none.size()},
            {"accuracy_by_chip", study.none},
            {"weights", study.weights},
            {"correctors", Json::object()},
            {"layers", Json::array()}};
  for (const CorrectorResult& corrector : study.correctors)
    json["correctors"][corrector.name] = corrector_json(study, corrector, card);
  for (std::size_t l = 0; l < study.layers.size(); ++l) {
    Json layer{
        {"name", study.layers[l]}, {"frozen_share", study.frozen[l]}, {"error", Json::object()}};
    for (const CorrectorResult& corrector : study.correctors)
      if (corrector.errors[l].before > 0)
        layer["error"][corrector.name] = {{"before", corrector.errors[l].before},
                                          {"after", corrector.errors[l].after}};
    json["layers"].push_back(std::move(layer));
  }
  if (study.cost_known) {
    json["time_s"] = study.time_s;
    json["energy_J"] = study.energy_J;
    json["batch"] = study.batch;
  }
  if (!study.note.empty()) json["note"] = study.note;
  return json;
}

std::string correction_text(const CorrectionStudy& study, const Experiment& card) {
  TextTable table({"corrector", "accuracy", "+-", "recovered", "another chip's", "numbers",
                   "verified", "multiplies", "+ time", "+ energy"});
  table.row({"none", percent(mean_over_chips(study.none)),
             percent(summarise(study.none).standard_error), "", "", "", "", "", "", ""});
  for (const CorrectorResult& one : study.correctors) {
    const bool works = study.cost_known && one.work.operations() > 0;
    table.row({one.name, percent(mean_over_chips(one.accuracy)),
               percent(summarise(one.accuracy).standard_error),
               share_text(study.recovered(one.accuracy)),
               one.foreign.empty() ? "-" : percent(mean_over_chips(one.foreign)),
               fmt::format("{}", one.stored_numbers), fmt::format("{}", one.verified_writes),
               fmt::format("{}", one.work.multiplies),
               works ? share_text(one.added_time_s / study.time_s) : "-",
               works ? share_text(one.added_energy_J / study.energy_J) : "-"});
  }
  return fmt::format("{} chips, {} weights; without a chip {}\n\n{}\n{}", study.none.size(),
                     study.weights, percent(study.digital), table.text(), tail_text(study, card));
}

}  // namespace lightloom::experiments

// How a sensitivity study is shown: arrays, JSON, a table.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/studies/costs/sensitivity.hpp"

namespace lightloom::experiments {
namespace {

constexpr std::array sides{"less", "more"};

const char* verdict_words(Verdict verdict) {
  constexpr std::array words{"speed-up", "energy", "steady speed-up", "steady energy"};
  return words[static_cast<std::size_t>(verdict)];
}

Json gains_json(const Sensitivity& sensitivity, const Gains& gains) {
  Json json = Json::object();
  for (const Verdict verdict : all_of_enum<Verdict>())
    for (std::size_t i = 1; i < sensitivity.labels.size(); ++i) {
      const double gain = gains[verdict][i];
      json[verdict_name(verdict)][sensitivity.labels[i]] = std::isnan(gain) ? Json() : Json(gain);
    }
  return json;
}

Json moved_json(const Sensitivity& sensitivity, const MovedNumber& moved) {
  Json json{{"value", moved.value}};
  json.update(gains_json(sensitivity, moved.gains));
  if (!moved.limit.empty()) json["limit"] = moved.limit;
  return json;
}

Json number_json(const Sensitivity& sensitivity, const SensitiveNumber& one) {
  const Swing swing = swing_of(sensitivity, one);
  Json json{{"key", one.number.path},
            {"value", one.number.value},
            {"provenance", provenance_name(one.number.provenance())},
            {"source", one.number.source},
            {"swing",
             {{"verdict", verdict_name(swing.verdict)},
              {"baseline", sensitivity.labels[swing.source]},
              {"ratio", swing.ratio}}}};
  for (std::size_t side = 0; side < sides.size(); ++side)
    json[sides[side]] = moved_json(sensitivity, one.to[side]);
  json["flips"] = Json::array();
  for (const Flip& flip : flips_of(sensitivity, one))
    json["flips"].push_back({{"verdict", verdict_name(flip.verdict)},
                             {"baseline", sensitivity.labels[flip.source]},
                             {"at", one.to[flip.side].value},
                             {"from", sensitivity.today[flip.verdict][flip.source]},
                             {"to", one.to[flip.side].gains[flip.verdict][flip.source]}});
  return json;
}

/// "speed-up int8, int4 at 128; steady energy all at 32"
std::string flips_text(const Sensitivity& sensitivity, const SensitiveNumber& one) {
  std::map<std::pair<std::size_t, Verdict>, std::vector<std::string>> groups;
  for (const Flip& flip : flips_of(sensitivity, one))
    groups[{flip.side, flip.verdict}].push_back(sensitivity.labels[flip.source]);
  std::string text;
  for (const auto& [group, labels] : groups)
    text += fmt::format("{}{} {} at {:.4g}", text.empty() ? "" : "; ", verdict_words(group.second),
                        labels.size() + 1 == sensitivity.labels.size()
                            ? "all"
                            : fmt::format("{}", fmt::join(labels, ", ")),
                        one.to[group.first].value);
  return text.empty() ? "-" : text;
}

/// A value that could not be moved as far as asked has a star.
std::string value_text(const MovedNumber& moved) {
  return fmt::format("{:.4g}{}", moved.value, moved.limit.empty() ? "" : "*");
}

/// One line for each reason, with the numbers that it holds and where they stop.
std::string limits_text(const std::vector<const SensitiveNumber*>& shown) {
  std::vector<std::pair<std::string, std::string>> reasons;
  for (const SensitiveNumber* one : shown)
    for (const MovedNumber& moved : one->to) {
      if (moved.limit.empty()) continue;
      const std::string reason = moved.limit.substr(0, moved.limit.find('\n'));
      auto found = std::find_if(reasons.begin(), reasons.end(),
                                [&](const auto& each) { return each.first == reason; });
      if (found == reasons.end()) found = reasons.insert(reasons.end(), {reason, ""});
      found->second += fmt::format("{}{} {:.4g}", found->second.empty() ? "" : ", ",
                                   one->number.path, moved.value);
    }
  std::string text;
  for (const auto& [reason, numbers] : reasons) text += fmt::format("* {}: {}\n", reason, numbers);
  return text;
}

std::string rest_text(const Sensitivity& sensitivity, std::size_t shown) {
  const auto zeros = std::count_if(sensitivity.not_moved.begin(), sensitivity.not_moved.end(),
                                   [](const auto& each) { return each.second.starts_with("0"); });
  const auto others = static_cast<std::ptrdiff_t>(sensitivity.not_moved.size()) - zeros;
  std::string text = fmt::format(
      "not shown: {} that move no gain by more than {:.2g} %, {} that "
      "change nothing, {} that are 0",
      sensitivity.numbers.size() - shown, 100 * Sensitivity::tolerance,
      sensitivity.without_effect.size(), zeros);
  if (others > 0) text += fmt::format(", {} in lists", others);
  if (sensitivity.published > 0)
    text += fmt::format(", {} that a published source gives (--sensitivity all)",
                        sensitivity.published);
  return text + "\n";
}

void add_gains(Labelled& data, const Sensitivity& sensitivity, Verdict verdict,
               const char* long_name) {
  std::vector<double> values;
  for (const SensitiveNumber& one : sensitivity.numbers)
    for (const MovedNumber& moved : one.to)
      values.insert(values.end(), moved.gains[verdict].begin(), moved.gains[verdict].end());
  data.add({fmt::format("sensitivity_{}", verdict_name(verdict)),
            {"moved_number", "moved", "source"},
            std::move(values),
            "1",
            long_name});
}

}  // namespace

Json sensitivity_json(const Sensitivity& sensitivity) {
  Json json{{"tolerance", Sensitivity::tolerance},
            {"today", gains_json(sensitivity, sensitivity.today)},
            {"numbers", Json::array()},
            {"without_effect", sensitivity.without_effect},
            {"not_moved", Json::array()},
            {"published", sensitivity.published}};
  for (const SensitiveNumber& one : sensitivity.numbers)
    json["numbers"].push_back(number_json(sensitivity, one));
  for (const auto& [key, why] : sensitivity.not_moved)
    json["not_moved"].push_back({{"key", key}, {"why", why}});
  return json;
}

std::string sensitivity_text(const Sensitivity& sensitivity) {
  TextTable table({"moved", "value", "to", "source", "moves most", "gain at less", "today",
                   "at more", "flips"});
  std::vector<const SensitiveNumber*> shown;
  for (const SensitiveNumber& one : sensitivity.numbers) {
    const Swing swing = swing_of(sensitivity, one);
    if (swing.ratio < 1 + Sensitivity::tolerance && flips_of(sensitivity, one).empty()) continue;
    shown.push_back(&one);
    const auto gain = [&](const Gains& gains) {
      return fmt::format("{:.3g}", gains[swing.verdict][swing.source]);
    };
    table.row(
        {one.number.path, fmt::format("{:.4g}", one.number.value),
         value_text(one.to[0]) + ", " + value_text(one.to[1]),
         provenance_name(one.number.provenance()),
         fmt::format("{}, {}", verdict_words(swing.verdict), sensitivity.labels[swing.source]),
         gain(one.to[0].gains), gain(sensitivity.today), gain(one.to[1].gains),
         flips_text(sensitivity, one)});
  }
  const std::string rest = rest_text(sensitivity, shown.size());
  if (shown.empty()) return "no number that was moved changes a verdict\n" + rest;
  return table.text() + "gains of " + sensitivity.labels[0] +
         " over a baseline, each number moved alone\n" + limits_text(shown) + rest;
}

void add_sensitivity(Labelled& data, const Sensitivity& sensitivity) {
  if (sensitivity.numbers.empty()) return;
  std::vector<std::string> keys, provenance;
  std::vector<double> values, moved;
  for (const SensitiveNumber& one : sensitivity.numbers) {
    keys.push_back(one.number.path);
    provenance.emplace_back(provenance_name(one.number.provenance()));
    values.push_back(one.number.value);
    for (const MovedNumber& to : one.to) moved.push_back(to.value);
  }
  data.add_axis({"moved_number", keys, "", "number of the card, the largest swing first"});
  data.add_axis({"moved", std::vector<std::string>(sides.begin(), sides.end()), "",
                 "which way a number was moved"});
  data.add({"sensitivity_value", {"moved_number"}, values, "", "value in the card"});
  data.add({"sensitivity_moved_to", {"moved_number", "moved"}, moved, "", "value it was moved to"});
  data.add({"sensitivity_provenance", {"moved_number"}, provenance, "", "what its source says"});
  add_gains(data, sensitivity, Verdict::speedup, "speed-up with one number moved");
  add_gains(data, sensitivity, Verdict::energy_gain, "gain in energy with one number moved");
  add_gains(data, sensitivity, Verdict::steady_speedup,
            "speed-up of each later batch with one number moved");
  add_gains(data, sensitivity, Verdict::steady_energy_gain,
            "gain in energy of each later batch with one number moved");
}

}  // namespace lightloom::experiments

// What differs between two results, beyond noise.
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/comparison/card_difference.hpp"
#include "experiments/comparison/results_comparison.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

/// Between the cards that the files hold, whatever kind of card they are.
std::vector<CardDifference> card_differences(const TwoFiles& files) {
  const auto card = [](const Labelled& file) {
    const Tree tree = parse_yaml(text_attribute(file, "card"), "card");
    return ReadCard{.given = {},
                    .resolved = tree.kind == Tree::Kind::mapping ? tree : Tree::mapping()};
  };
  return differing_keys(card(files.first), card(files.second));
}

Json interval_json(const Interval& interval) {
  return interval.known() ? Json{interval.low, interval.high} : Json();
}

Json measured_json(const MeasuredQuantity& one) {
  const MeasuredDifference& at = one.clearest;
  return {{"name", one.name},
          {"compared", one.elements},
          {"differing", one.differing},
          {"clearest",
           {{"at", at.at},
            {"first", number_or_null(at.first)},
            {"second", number_or_null(at.second)},
            {"difference", number_or_null(at.value)},
            {"interval", interval_json(at.interval)},
            {"p", number_or_null(at.p)},
            {"method", at.method}}}};
}

Json computed_json(const ComputedQuantity& one) {
  return {{"name", one.name},
          {"unit", one.unit},
          {"compared", one.elements},
          {"differing", one.differing},
          {"largest",
           {{"at", one.at},
            {"first", number_or_null(one.first)},
            {"second", number_or_null(one.second)},
            {"relative", number_or_null(one.largest)}}}};
}

Json comparison_json(const ResultsComparison& found, const std::vector<CardDifference>& cards) {
  Json json{{"card", Json::array()}, {"measured", Json::array()}, {"computed", Json::array()}};
  for (const CardDifference& one : cards)
    json["card"].push_back(
        {{"key", one.key}, {"first", one.first.text}, {"second", one.second.text}});
  for (const MeasuredQuantity& one : found.measured) json["measured"].push_back(measured_json(one));
  for (const ComputedQuantity& one : found.computed) json["computed"].push_back(computed_json(one));
  json["equal"] = found.equal;
  json["only_first"] = found.only_first;
  json["only_second"] = found.only_second;
  json["apart"] = found.apart;
  return json;
}

std::string measured_text(const std::vector<MeasuredQuantity>& all) {
  if (all.empty()) return "";
  TextTable table({"measured, with noise", "differ", "first", "second", "difference",
                   "95 % interval", "p", "at", "how"});
  for (const MeasuredQuantity& one : all) {
    const MeasuredDifference& at = one.clearest;
    const std::string interval =
        at.interval.known() ? fmt::format("{:.4g} .. {:.4g}", at.interval.low, at.interval.high)
                            : "not known";
    table.row({one.name, fmt::format("{} of {}", one.differing, one.elements),
               fmt::format("{:.4g}", at.first), fmt::format("{:.4g}", at.second),
               fmt::format("{:+.3g}", at.value), interval, fmt::format("{:.2g}", at.p), at.at,
               at.method});
  }
  return "\n" + table.text();
}

std::string computed_text(const std::vector<ComputedQuantity>& all) {
  if (all.empty()) return "";
  TextTable table({"computed, without noise", "differ", "largest", "first", "second", "at"});
  for (const ComputedQuantity& one : all)
    table.row({one.name, fmt::format("{} of {}", one.differing, one.elements),
               fmt::format("{:.3g} %", 100 * one.largest), with_prefix(one.first, one.unit),
               with_prefix(one.second, one.unit), one.at});
  return "\n" + table.text();
}

std::string names_text(const std::string& what, const std::vector<std::string>& names) {
  if (names.empty()) return "";
  return fmt::format("{}: {}\n", what, fmt::join(names, ", "));
}

std::string comparison_text(const ResultsComparison& found,
                            const std::vector<CardDifference>& cards) {
  std::string text;
  for (const CardDifference& one : cards)
    text += fmt::format("card: {}  {}  |  {}\n", one.key, one.first.text, one.second.text);
  if (cards.empty()) text = "card: equal\n";
  std::size_t differing = 0;
  for (const MeasuredQuantity& one : found.measured) differing += one.differing;
  text += measured_text(found.measured);
  if (!found.measured.empty())
    text += fmt::format(
        "{} beyond noise (5 % chance that any of them is none); shown where it is clearest\n",
        differing);
  text +=
      computed_text(found.computed) + fmt::format("\n{} arrays are equal\n", found.equal.size());
  return text + names_text("along other axes", found.apart) +
         names_text("only in the first", found.only_first) +
         names_text("only in the second", found.only_second);
}

Shown do_compare(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string first_path = operand(line, 0, "two results files"),
                    second_path = operand(line, 1, "two results files");
  at_most_operands(line, 2);
  require(line.settings.empty(), "--set belongs to a card, not to a results file");
  const Labelled first = read_labelled(first_path), second = read_labelled(second_path);
  const TwoFiles files{first, second};
  const ResultsComparison found = compare_results(files, line.real("tolerance", 1e-9, 0));
  const std::vector<CardDifference> cards = card_differences(files);
  Shown result{.json = comparison_json(found, cards), .text = comparison_text(found, cards)};
  result.json["files"] = {first_path, second_path};
  return result;
}

}  // namespace

extern const Command compare_command{
    .name = "compare",
    .operand = "a.h5 b.h5",
    .summary = "what differs between two results, beyond noise",
    .options = {{"tolerance", "X", "relative difference of computed numbers that is none (1e-9)"}},
    .run = do_compare};

}  // namespace lightloom::experiments

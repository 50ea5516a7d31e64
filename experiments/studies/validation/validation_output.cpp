#include "experiments/studies/validation/validation_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

Json number_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json number_json(const SourcedNumber& number) {
  return {{"value", number.value},
          {"unit", number.unit},
          {"mark", mark_name(number.mark)},
          {"source", number.source}};
}

/// A part of a card: numbers and words as they are, texts else.
Json tree_json(const Tree& tree) {
  if (tree.kind == Tree::Kind::scalar) {
    Json value = Json::parse(tree.scalar, nullptr, false);
    return value.is_number() || value.is_boolean() ? value : Json(tree.scalar);
  }
  Json json = tree.kind == Tree::Kind::list      ? Json::array()
              : tree.kind == Tree::Kind::mapping ? Json::object()
                                                 : Json();
  for (const Tree& item : tree.items) json.push_back(tree_json(item));
  for (const auto& [key, value] : tree.pairs) json[key] = tree_json(value);
  return json;
}

/// An input: its number, or the table in the place of one.
Json input_json(const ChipInput& input) {
  Json json{{"name", input.name}, {"sets", input.sets}};
  if (input.table.kind == Tree::Kind::list) {
    json["table"] = tree_json(input.table);
    json["mark"] = mark_name(input.number.mark);
    json["source"] = input.number.source;
  } else {
    json.update(number_json(input.number));
  }
  return json;
}

Json compared_json(const Compared& one) {
  const ChipMetric& metric = one.metric;
  Json json{{"name", metric.name},
            {"quantity", metric.quantity->name},
            {"family", metric.quantity->family},
            {"unit", metric.quantity->unit},
            {"with", Json::object()},
            {"predicted", number_or_null(one.predicted)},
            {"recorded", one.recorded},
            {"made_by", one.made_by},
            {"skipped", one.skipped}};
  for (const auto& [key, value] : metric.with) json["with"][key] = tree_json(value);
  if (!metric.files.empty() || !metric.results.empty())
    json["needs"] = {
        {"files", metric.files}, {"command", metric.command}, {"results", metric.results}};
  if (!metric.published) return json;
  json["published"] = number_json(*metric.published);
  json["ratio"] = number_or_null(one.ratio());
  json["fitted"] = one.fitted;
  json["consistency"] = metric.consistency;
  json["tolerance"] = metric.tolerance;
  json["reason"] = metric.reason;
  return json;
}

Json chip_json(const ValidatedChip& chip) {
  const ChipCard& card = chip.card;
  Json json{{"name", card.name},
            {"card", card.path},
            {"paper", card.paper},
            {"summary", card.summary},
            {"inputs", Json::array()},
            {"fit", Json()},
            {"other_numbers", chip.other_numbers},
            {"predictions", Json::array()},
            {"consequences", Json::array()}};
  for (const ChipInput& input : card.inputs) json["inputs"].push_back(input_json(input));
  for (const ChipFit& fit : card.fits)
    json["fit"] = {{"name", fit.input.name},
                   {"sets", fit.input.sets},
                   {"value", fit.input.number.value},
                   {"unit", fit.input.number.unit},
                   {"to", fit.prediction}};
  for (const Compared& one : chip.predictions) json["predictions"].push_back(compared_json(one));
  for (const Compared& one : chip.consequences) json["consequences"].push_back(compared_json(one));
  return json;
}

/// As the card gives it.
std::string as_given(const ChipInput& input) {
  const SourcedNumber& number = input.number;
  if (input.table.kind == Tree::Kind::list)
    return fmt::format("table of {} rows", input.table.items.size());
  const std::string value = number_text(number.value);
  return number.unit == "1" ? value : value + " " + number.unit;
}

std::string with_unit(double value, const std::string& unit) {
  return unit == "1" ? three_digits(value) : three_digits(value) + " " + unit;
}

/// Whether two numbers are so far apart that the table owes a reason.
bool far_apart(const Compared& one) {
  const auto ratio = one.ratio();
  return ratio && !one.fitted && (*ratio < 0.8 || *ratio > 1.25);
}

/// What a table says of a comparison beside its numbers.
std::string remark(const Compared& one) {
  std::string text = one.skipped;
  const auto add = [&](const std::string& more) {
    if (!more.empty()) text += (text.empty() ? "" : "; ") + more;
  };
  if (one.fitted) add("fitted, predicts nothing");
  if (one.metric.consistency)
    add("inputs share their source with this number: shows that models and units agree, not "
        "counted");
  if (!one.made_by.empty())
    add(fmt::format("from {}, made by `{}`", one.metric.results, one.made_by));
  if (one.recorded) add(fmt::format("recorded, computed by `{}`", one.metric.command));
  add(one.metric.tolerance);
  add(one.metric.reason);
  if (far_apart(one) && one.metric.reason.empty()) add("the card gives no reason");
  return text;
}

/// One family's cell of a chip.
std::string summary_cell(const std::vector<const Compared*>& family) {
  std::vector<double> ratios;
  for (const Compared* one : family)
    if (one->ratio() && !one->fitted) ratios.push_back(*one->ratio());
  if (family.size() == 1 && family[0]->predicted) {
    const Compared& one = *family[0];
    return fmt::format("{} / {}, {}{}", three_digits(*one.predicted),
                       with_unit(one.metric.published->value, one.metric.quantity->unit),
                       three_digits(*one.ratio()), one.fitted ? " (fit)" : "");
  }
  if (ratios.empty()) return family.empty() ? "" : family[0]->fitted ? "fit" : "skipped";
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  std::string text = ratios.size() == 1 ? three_digits(*low)
                                        : fmt::format("{} numbers, {} to {}", ratios.size(),
                                                      three_digits(*low), three_digits(*high));
  if (ratios.size() < family.size())
    text += std::any_of(family.begin(), family.end(), [](auto* one) { return one->fitted; })
                ? " (and a fit)"
                : fmt::format(" ({} skipped)", family.size() - ratios.size());
  return text;
}

/// Families that occur, in the order of the quantities.
std::vector<std::string> families_of(const Validation& validation) {
  std::vector<std::string> families;
  for (const Quantity& quantity : quantities()) {
    const bool used = std::any_of(
        validation.chips.begin(), validation.chips.end(), [&](const ValidatedChip& chip) {
          return std::any_of(chip.predictions.begin(), chip.predictions.end(),
                             [&](const Compared& one) { return one.metric.quantity == &quantity; });
        });
    if (used && std::find(families.begin(), families.end(), quantity.family) == families.end())
      families.push_back(quantity.family);
  }
  return families;
}

std::string aligned(const Cells& cells) {
  TextTable table(cells.front());
  for (std::size_t i = 1; i < cells.size(); ++i) table.row(cells[i]);
  return table.text();
}

}  // namespace

Json to_json(const Validation& validation) {
  const Agreement sum = validation.agreement();
  Json json{{"chips", Json::array()},
            {"agreement",
             {{"compared", sum.compared},
              {"within_10_percent", sum.within_10_percent},
              {"within_factor_2", sum.within_factor_2},
              {"skipped", sum.skipped},
              {"fitted", sum.fitted},
              {"consistent", sum.consistent}}}};
  for (const ValidatedChip& chip : validation.chips) json["chips"].push_back(chip_json(chip));
  return json;
}

std::string three_digits(double value) {
  const double size = std::abs(value);
  if (value == 0 || !std::isfinite(value)) return fmt::format("{}", value);
  if (size < 0.9995e-3 || size >= 99999.5) return fmt::format("{:.3g}", value);
  // Rounded first, so that 9.996 is 10.0 and not 10.00.
  const double rounded = std::stod(fmt::format("{:.3g}", value));
  const int before = static_cast<int>(std::floor(std::log10(std::abs(rounded)))) + 1;
  return fmt::format("{:.{}f}", before > 3 ? value : rounded, std::max(0, 3 - before));
}

Cells summary_cells(const Validation& validation) {
  const std::vector<std::string> families = families_of(validation);
  Cells cells{{"chip"}};
  for (const std::string& family : families) cells[0].push_back(family);
  for (const ValidatedChip& chip : validation.chips) {
    std::vector<std::string>& row = cells.emplace_back();
    row.push_back(chip.card.name);
    for (const std::string& family : families) {
      std::vector<const Compared*> members;
      for (const Compared& one : chip.predictions)
        if (one.metric.quantity->family == family) members.push_back(&one);
      row.push_back(summary_cell(members));
    }
  }
  return cells;
}

Cells prediction_cells(const ValidatedChip& chip) {
  Cells cells{{"prediction", "predicted", "published", "ratio", "remark"}};
  for (const Compared& one : chip.predictions) {
    const std::string& unit = one.metric.quantity->unit;
    const auto ratio = one.ratio();
    cells.push_back({one.metric.name, one.predicted ? with_unit(*one.predicted, unit) : "-",
                     with_unit(one.metric.published->value, unit),
                     ratio ? three_digits(*ratio) + (one.fitted ? " (fit)" : "") : "-",
                     remark(one)});
  }
  return cells;
}

Cells consequence_cells(const ValidatedChip& chip) {
  Cells cells{{"what follows, with nothing published beside it", "number", "remark"}};
  for (const Compared& one : chip.consequences)
    cells.push_back({one.metric.name,
                     one.predicted ? with_unit(*one.predicted, one.metric.quantity->unit) : "-",
                     remark(one)});
  return cells;
}

Cells input_cells(const ValidatedChip& chip) {
  Cells cells{{"input", "value", "mark", "source"}};
  for (const ChipInput& input : chip.card.inputs)
    cells.push_back(
        {input.name, as_given(input), mark_name(input.number.mark), input.number.source});
  for (const ChipFit& fit : chip.card.fits)
    cells.push_back({fit.input.name, as_given(fit.input), "fitted",
                     "chosen so that '" + fit.prediction + "' agrees"});
  return cells;
}

std::string agreement_text(const Agreement& agreement) {
  return fmt::format(
      "{} predictions compared with published numbers: {} within 10 %, {} within a factor of 2. "
      "Not "
      "counted: {} fitted, {} whose number shares its source with inputs, {} skipped.",
      agreement.compared, agreement.within_10_percent, agreement.within_factor_2, agreement.fitted,
      agreement.consistent, agreement.skipped);
}

std::string fit_text(const ChipCard& card) {
  if (card.fits.empty()) return "";
  const ChipFit& fit = card.fits.front();
  return fmt::format("Fitted: {} = {}, to '{}'.", fit.input.name, as_given(fit.input),
                     fit.prediction);
}

std::string validation_text(const Validation& validation) {
  std::string text = "predicted / published, ratio\n\n" + aligned(summary_cells(validation));
  for (const ValidatedChip& chip : validation.chips) {
    Cells cells = prediction_cells(chip);
    std::string remarks;
    for (std::size_t i = 1; i < cells.size(); ++i)
      if (!cells[i].back().empty())
        remarks += fmt::format("  {}: {}\n", cells[i].front(), cells[i].back());
    for (auto& row : cells) row.pop_back();
    cells[0][0] = chip.card.name;
    text += "\n" + aligned(cells) + remarks;
    const std::string fit = fit_text(chip.card);
    if (!fit.empty()) text += fit + "\n";
    if (!chip.consequences.empty()) text += "\n" + aligned(consequence_cells(chip));
  }
  return text + "\n" + agreement_text(validation.agreement()) + "\n";
}

}  // namespace lightloom::experiments

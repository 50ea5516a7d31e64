#include "experiments/studies/validation/chip_card.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <set>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/files/csv.hpp"
#include "experiments/cards/units_of_keys.hpp"

namespace lightloom::experiments {
namespace {

constexpr std::initializer_list<std::pair<const char*, Mark>> marks{
    {"published", Mark::published},
    {"published_code", Mark::published_code},
    {"independent_summary", Mark::independent_summary},
    {"measured", Mark::measured},
    {"derived", Mark::derived},
    {"from_memory", Mark::from_memory}};

/// A mapping of names to sections, read in order.
void each_named(Section& section, std::string_view key,
                const std::function<void(Section&, const std::string&)>& read) {
  const Tree* given = section.raw(key);
  if (given == nullptr) return;
  section.section(key, [&](Section& named) {
    for (const auto& [name, value] : given->pairs)
      if (name != "source")
        named.section(name, [&, &name = name](Section& one) { read(one, name); });
  });
}

constexpr Range finite{.low = -1e300, .high = 1e300};

void read_number(Section& section, SourcedNumber& number, Range range) {
  section.value("value", number.value, range);
  section.value("unit", number.unit);
  section.value("source", number.source);
  section.choice("mark", number.mark, marks);
  for (const char* key : {"value", "unit", "source", "mark"}) section.must_have(key);
  if (section.has("source") && number.source.empty())
    section.problem("source", "is empty (say where the number comes from)");
}

/// Whether a key of a card takes numbers of this unit.
bool takes_unit(const std::string& key, const std::string& unit) {
  std::string spelled;
  for (const char letter : unit)
    spelled += letter == '/' ? std::string("_per_") : letter == '^' ? "" : std::string(1, letter);
  if (key.ends_with("_" + spelled)) return true;
  return key.find("_per_") == std::string::npos ? unit_of_key(key) == unit : false;
}

/// The keys that an input sets must exist only when the model is read; their units are seen here.
void read_sets(Section& section, const std::string& unit, std::vector<std::string>& sets) {
  section.value("sets", sets);
  if (sets.empty())
    section.problem("",
                    "needs the key 'sets', a list of keys of the model (an input that sets "
                    "none has no part in any prediction)");
  for (const std::string& key : sets)
    if (!unit.empty() && !takes_unit(key, unit))
      section.problem("unit", fmt::format("is {}, but the key {} takes {}", unit, key,
                                          unit_of_key(key) == "1" ? "another" : unit_of_key(key)));
}

/// A list of device figures as the key that it sets takes them, each with its unit in its name.
void read_table(Section& section, ChipInput& input) {
  input.table = *section.raw("table");
  section.value("source", input.number.source);
  section.choice("mark", input.number.mark, marks);
  for (const char* key : {"source", "mark"}) section.must_have(key);
  if (input.table.kind != Tree::Kind::list || input.table.items.empty())
    section.problem("table", "must be a list (a single number is 'value', with its 'unit')");
}

void read_input(Section& section, ChipInput& input) {
  if (section.has("table"))
    read_table(section, input);
  else
    read_number(section, input.number, finite);
  read_sets(section, input.number.unit, input.sets);
}

/// Of published numbers, which others are divided by.
constexpr Range published_range{.low = 0, .high = 1e300, .open_low = true};

void read_fit(Section& section, ChipFit& fit) {
  section.value("value", fit.input.number.value, finite);
  section.value("unit", fit.input.number.unit);
  section.value("to", fit.prediction);
  for (const char* key : {"value", "unit", "to"}) section.must_have(key);
  read_sets(section, fit.input.number.unit, fit.input.sets);
}

/// The options of a quantity: those that it does not take are unknown keys.
void read_options(Section& section, const Quantity& quantity, QuantityOptions& options) {
  for (const std::string& key : quantity.options) {
    if (key == "parts") section.value(key, options.parts);
    if (key == "without") section.value(key, options.without);
    if (key == "product") section.value(key, options.product);
    if (key == "baseline") section.value(key, options.baseline);
    if (key == "bits") section.value(key, options.bits, {.low = 1, .high = 32});
    if (key == "averages") section.value(key, options.averages, {.low = 1, .high = 4096});
    if (key == "chips") section.value(key, options.chips, {.low = 1, .high = 100000});
    if (key == "model")
      section.choice(key, options.model,
                     {{"gains", calibration::ErrorModel::gains},
                      {"periodic", calibration::ErrorModel::periodic},
                      {"mixing", calibration::ErrorModel::mixing},
                      {"both", calibration::ErrorModel::both}});
    if (key == "targets")
      section.choice(key, options.targets,
                     {{"uniform", AskedWeights::uniform}, {"normal", AskedWeights::normal}});
  }
  for (const char* needed : {"bits", "baseline", "model"})
    if (std::find(quantity.options.begin(), quantity.options.end(), needed) !=
        quantity.options.end())
      section.must_have(needed);
}

void read_needs(Section& section, ChipMetric& metric) {
  section.value("files", metric.files);
  section.value("command", metric.command);
  section.value("results", metric.results);
  for (const char* key : {"files", "command"}) section.must_have(key);
  if (metric.quantity == nullptr) return;
  if (!metric.results.empty() && metric.quantity->in == nullptr)
    section.problem("results",
                    fmt::format("is named, but no results file holds {}", metric.quantity->name));
  if (metric.quantity->of == nullptr) section.must_have("results");
}

void read_metric(Section& section, ChipMetric& metric) {
  std::vector<std::string> names;
  for (const Quantity& quantity : quantities()) names.push_back(quantity.name);
  std::string name = section.has("quantity") ? "" : names.front();
  section.must_have("quantity");
  section.choice("quantity", name, names);
  metric.quantity = find_quantity(name);
  if (metric.quantity != nullptr) read_options(section, *metric.quantity, metric.options);
  if (const Tree* experiment = section.raw("experiment")) {
    metric.experiment = *experiment;
    if (!stands_for_card(*experiment))
      section.problem("experiment", "must be the path of an experiment card (.yaml)");
  }
  if (const Tree* with = section.raw("with"))
    for (const auto& [key, value] : with->pairs) metric.with.emplace_back(key, value);
  section.value("consistency", metric.consistency);
  section.value("tolerance", metric.tolerance);
  section.value("reason", metric.reason);
  const bool needs =
      section.optional_section("needs", [&](Section& inner) { read_needs(inner, metric); });
  if (metric.quantity != nullptr && metric.quantity->needs_files && !needs)
    section.problem("",
                    "needs the key 'needs' (files that it takes, and the command that makes "
                    "them)");
  double recorded = 0;
  if (section.has("recorded")) {
    section.value("recorded", recorded);
    metric.recorded = recorded;
    if (!needs)
      section.problem("recorded", "is for what needs files (without, it is computed each time)");
  }
  if (section.has("published")) {
    SourcedNumber number;
    section.section("published",
                    [&](Section& inner) { read_number(inner, number, published_range); });
    metric.published = number;
  }
}

void check_published(Section& section, const ChipMetric& metric) {
  if (!metric.published) {
    section.problem("",
                    "has no published value (what nobody has published beside it goes into "
                    "'consequences')");
    return;
  }
  const std::string& unit = metric.published->unit;
  if (metric.quantity != nullptr && !unit.empty() && unit != metric.quantity->unit)
    section.problem("published", fmt::format("is in {}, but {} is in {}", unit,
                                             metric.quantity->name, metric.quantity->unit));
}

/// Every number of a model is an input, with a source.
void refuse_numbers(Section& section, const Tree& tree, const std::string& path) {
  if (tree.kind == Tree::Kind::scalar && csv_number(tree.scalar))
    section.problem("model", fmt::format("has a number at {} ({}): numbers go into 'inputs', each "
                                         "with its source",
                                         path, tree.scalar));
  for (const auto& [key, value] : tree.pairs)
    if (key != "source")
      refuse_numbers(section, value, path.empty() ? key : fmt::format("{}.{}", path, key));
  for (const Tree& item : tree.items) refuse_numbers(section, item, path + "[]");
}

void check_fits(Section& section, const ChipCard& card) {
  if (card.fits.size() > 1) {
    std::vector<std::string> names;
    for (const ChipFit& fit : card.fits) names.push_back(fit.input.name);
    section.problem("fits", fmt::format("are {} ({}), but a chip may have one (the others must be "
                                        "inputs with a source, or stay as they are)",
                                        names.size(), fmt::join(names, ", ")));
  }
  for (const ChipFit& fit : card.fits)
    if (!fit.prediction.empty() &&
        std::none_of(card.predictions.begin(), card.predictions.end(),
                     [&](const ChipMetric& one) { return one.name == fit.prediction; }))
      section.problem("fits", fmt::format("names '{}' under '{}.to', which is no prediction",
                                          fit.prediction, fit.input.name));
}

void check_keys(Section& section, const ChipCard& card) {
  std::set<std::string> seen;
  const auto check = [&](const ChipInput& input) {
    for (const std::string& key : input.sets)
      if (!seen.insert(key).second)
        section.problem("inputs",
                        fmt::format("set {} twice (the second is '{}')", key, input.name));
  };
  for (const ChipInput& input : card.inputs) check(input);
  for (const ChipFit& fit : card.fits) check(fit.input);
}

void describe(Section& section, ChipCard& card) {
  section.value("name", card.name);
  section.value("summary", card.summary);
  section.value("paper", card.paper);
  for (const char* key : {"name", "paper", "model", "inputs", "predictions"})
    section.must_have(key);
  if (const Tree* model = section.raw("model")) {
    card.model = *model;
    refuse_numbers(section, *model, "");
  }
  each_named(section, "inputs", [&](Section& one, const std::string& name) {
    read_input(one, card.inputs.emplace_back(ChipInput{.name = name}));
  });
  each_named(section, "fits", [&](Section& one, const std::string& name) {
    read_fit(one, card.fits.emplace_back(ChipFit{.input = {.name = name}}));
  });
  each_named(section, "predictions", [&](Section& one, const std::string& name) {
    read_metric(one, card.predictions.emplace_back(ChipMetric{.name = name}));
    check_published(one, card.predictions.back());
  });
  each_named(section, "consequences", [&](Section& one, const std::string& name) {
    read_metric(one, card.consequences.emplace_back(ChipMetric{.name = name}));
    if (card.consequences.back().published)
      one.problem("published", "stands under a consequence (compared numbers are 'predictions')");
  });
  check_fits(section, card);
  check_keys(section, card);
}

}  // namespace

const char* mark_name(Mark mark) {
  for (const auto& [name, known] : marks)
    if (known == mark) return name;
  return "";
}

bool ChipCard::fitted(const ChipMetric& metric) const {
  return std::any_of(fits.begin(), fits.end(),
                     [&](const ChipFit& fit) { return fit.prediction == metric.name; });
}

ChipCard read_chip(const std::string& path, const std::vector<std::string>& settings) {
  ChipCard card;
  const Tree tree = load_card(path, settings);
  read_tree(tree, [&](Section& section) { describe(section, card); });
  card.path = path;
  return card;
}

Experiment experiment_of(const ChipCard& chip, const ChipMetric& metric) {
  const bool own = metric.experiment.kind == Tree::Kind::null;
  Tree tree = section_of(own ? chip.model : metric.experiment);
  const auto set = [&](const ChipInput& input) {
    for (const std::string& key : input.sets)
      set_at(tree, key,
             input.table.kind == Tree::Kind::null ? Tree::of(input.number.value) : input.table,
             chip.path);
  };
  if (own) {
    for (const ChipInput& input : chip.inputs) set(input);
    for (const ChipFit& fit : chip.fits) set(fit.input);
  }
  for (const auto& [key, value] : metric.with) set_at(tree, key, value, chip.path);
  return read_experiment(tree);
}

}  // namespace lightloom::experiments

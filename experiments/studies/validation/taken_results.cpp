#include "experiments/studies/validation/taken_results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/files/csv.hpp"
#include "core/files/labelled.hpp"
#include "experiments/results/files/provenance.hpp"

namespace lightloom::experiments {
namespace {

/// Keys that name files, which are where they are, and texts about numbers.
bool names_a_place(const std::string& key) {
  return key == "file" || key == "root" || key == "source" || key == "train" || key == "validate" ||
         key == "test";
}

bool same_scalar(const std::string& one, const std::string& other) {
  if (one == other) return true;
  const auto a = csv_number(one), b = csv_number(other);
  return a && b && *a == *b;
}

using Difference = std::optional<std::string>;

Difference difference(const Tree& found, const Tree& asked, const std::string& path);

Difference first_of_pairs(const Tree& found, const Tree& asked, const std::string& path) {
  for (const auto& [key, value] : asked.pairs) {
    if (names_a_place(key)) continue;
    const std::string at = fmt::format("{}.{}", path, key);
    const Tree* other = found.find(key);
    if (other == nullptr) return fmt::format("has no {}", at);
    if (Difference one = difference(*other, value, at)) return one;
  }
  for (const auto& [key, value] : found.pairs)
    if (!names_a_place(key) && asked.find(key) == nullptr)
      return fmt::format("has {}.{} besides", path, key);
  return std::nullopt;
}

Difference first_of_items(const Tree& found, const Tree& asked, const std::string& path) {
  if (found.items.size() != asked.items.size())
    return fmt::format("has {} values of {}, not {}", found.items.size(), path, asked.items.size());
  for (std::size_t i = 0; i < asked.items.size(); ++i)
    if (Difference one = difference(found.items[i], asked.items[i], fmt::format("{}[{}]", path, i)))
      return one;
  return std::nullopt;
}

/// In what two resolved sections differ first, in words that follow "the card that made it".
Difference difference(const Tree& found, const Tree& asked, const std::string& path) {
  if (found.kind != asked.kind) return fmt::format("has another kind of value at {}", path);
  switch (asked.kind) {
    case Tree::Kind::mapping:
      return first_of_pairs(found, asked, path);
    case Tree::Kind::list:
      return first_of_items(found, asked, path);
    case Tree::Kind::scalar:
      if (!same_scalar(found.scalar, asked.scalar))
        return fmt::format("has {} = {}, not {}", path, found.scalar, asked.scalar);
      break;
    case Tree::Kind::null:
      break;
  }
  return std::nullopt;
}

/// The parts of a card that say what was run, whoever ran it wherever.
std::vector<std::string> compared_keys(const ChipMetric& metric) {
  std::vector<std::string> keys{
      "core", "model", "weights", "dataset.name", "dataset.normalise", "dataset.test_limit"};
  for (const auto& [key, value] : metric.with)
    if (!names_a_place(key.substr(key.rfind('.') + 1))) keys.push_back(key);
  return keys;
}

void require_same_card(const Labelled& results, const ChipCard& chip, const ChipMetric& metric) {
  Tree found = parse_yaml(text_attribute(results, "card"), "card"),
       asked = experiment_of(chip, metric).resolved;
  for (const std::string& key : compared_keys(metric)) {
    const Tree* wanted = find_at(asked, key);
    if (wanted == nullptr) continue;
    const Tree* there = find_at(found, key);
    require(there != nullptr, "the card that made it has no {}", key);
    const Difference one = difference(*there, *wanted, key);
    require(!one, "the card that made it {}", one.value_or(""));
  }
}

}  // namespace

TakenNumber taken_number(const std::string& path, const ChipCard& chip, const ChipMetric& metric) {
  const Labelled results = read_labelled(path);
  const Quantity& quantity = *metric.quantity;
  try {
    const std::string kind = text_attribute(results, "kind");
    require(kind == quantity.results_kind, "is of kind '{}', not '{}'", kind,
            quantity.results_kind);
    if (quantity.of != nullptr) require_same_card(results, chip, metric);
    return {.value = quantity.in(results, metric.options),
            .command = text_attribute(results, "command")};
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {} (`{}` makes it)", path, error.what(), metric.command));
  }
}

}  // namespace lightloom::experiments

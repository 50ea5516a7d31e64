#include "experiments/commands/calibrate/into_card.hpp"

#include <fmt/format.h>

#include "core/cards/tree.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {
namespace {

/// Where a value comes from, beside what the section says of its other values.
void set_source(Tree& card, const std::string& section, const MeasuredValue& value) {
  const std::string source = section.empty() ? "source" : section + ".source";
  const Tree* found = find_at(card, source);
  if (found != nullptr && found->kind == Tree::Kind::scalar) {
    const Tree whole = *found;
    set_at(card, source, Tree::mapping(), ".");
    set_at(card, source + ".others", whole, ".");
  }
  set_at(card, source + "." + value.name, Tree::of(value.source), ".");
}

}  // namespace

void write_into_card(const CommandLine& line, const std::string& section,
                     const std::vector<MeasuredValue>& values, Shown& result) {
  Tree card = load_card(line.value("into"), {});
  for (const MeasuredValue& value : values) {
    set_at(card, section.empty() ? value.name : section + "." + value.name, Tree::of(value.value),
           ".");
    set_source(card, section, value);
  }
  write_file(line.output, to_yaml(written_out(std::move(card))));
  result.json["card"] = line.output;
  result.text += fmt::format("card: {}\n", line.output);
}

}  // namespace lightloom::experiments

#include "nn/slimmable/slim_card.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lightloom::nn {
namespace {

void read_widths(Section& section, std::vector<double>& widths) {
  section.value("widths", widths, {.low = 0, .high = 1, .open_low = true});
  section.must_have("widths");
  if (!section.has("widths")) return;
  const bool ascending = std::ranges::adjacent_find(widths, std::greater_equal<>()) == widths.end();
  if (widths.size() < 2 || !ascending || widths.back() != 1)
    section.problem("widths",
                    "must be two shares of the channels at least, ascending, the last of them 1 "
                    "(such as [0.25, 0.5, 0.75, 1])");
}

void read_gate(Section& section, const SlimCard& slim, GateCard& gate) {
  const double narrowest = slim.widths.empty() ? 1 : slim.widths.front();
  section.value("after", gate.after);
  section.must_have("after");
  gate.trunk = narrowest;
  section.value("trunk", gate.trunk, {.low = 0, .high = 1, .open_low = true});
  gate.choices = static_cast<int>(slim.widths.size());
  section.value("choices", gate.choices, {.low = 2, .high = 64});
  if (gate.choices > static_cast<int>(slim.widths.size()))
    section.problem("choices", fmt::format("is {}, but there are {} widths to choose among",
                                           gate.choices, slim.widths.size()));
  section.value("hidden", gate.hidden, {.low = 1, .high = 4096});
  section.value("temperature", gate.temperature, positive);
  section.value("target_weight", gate.target_weight, not_negative);
  section.value("cost_weight", gate.cost_weight, not_negative);
  section.value("cost_unit_macs", gate.cost_unit_macs, positive);
  section.value("cost_target_macs", gate.cost_target_macs, not_negative);
  section.value("epochs", gate.epochs, {.low = 1, .high = 100'000});
  section.value("batch", gate.batch, {.low = 1, .high = 1 << 20});
  section.value("retrain", gate.retrain);
  gate.schedule.rate = 0.08;
  gate.optimizer = {.kind = OptimizerKind::sgd, .weight_decay = 0.01};
  describe(section, gate.schedule);
  describe(section, gate.optimizer);
}

void read_controls(Section& section, SlimCard& card) {
  std::vector<std::string> names;
  if (card.gate) names.emplace_back("static");
  section.value("controls", names);
  card.static_control = !names.empty();
  for (const std::string& name : names)
    if (name != "static")
      section.problem("controls", fmt::format("holds '{}' but may hold static alone", name));
  if (card.static_control && !card.gate)
    section.problem("controls", "are of a gate, but there is none (add `gate`, or leave them out)");
}

}  // namespace

void describe(Section& section, SlimCard& card) {
  read_widths(section, card.widths);
  section.value("random", card.random, {.low = 0, .high = 64});
  section.value("average", card.average, fraction);
  section.value("recalibrate", card.recalibrate, not_negative);
  section.value("file", card.file);
  section.optional_section("gate",
                           [&](Section& inner) { read_gate(inner, card, card.gate.emplace()); });
  if (card.gate && card.gate->retrain && card.file.empty())
    section.problem("gate.retrain",
                    "is of the widths in `file`, but there is none (all is trained)");
  read_controls(section, card);
}

}  // namespace lightloom::nn

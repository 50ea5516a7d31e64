#include "nn/mixture/mixture_card.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "nn/weights/source_table.hpp"

namespace lightloom::nn {
namespace {

std::string labels_text(const std::vector<MixtureCandidate>& candidates) {
  std::string text;
  for (const MixtureCandidate& one : candidates) text += (text.empty() ? "" : ", ") + one.label;
  return text;
}

std::optional<std::size_t> number_of(const std::string& label, const MixtureCard& card) {
  for (std::size_t c = 0; c < card.candidates.size(); ++c)
    if (card.candidates[c].label == label) return c;
  return std::nullopt;
}

/// What a mixture of sources cannot hold, each layer by itself and refitted to a shared weight.
void check_candidate(Section& section, const SourceCard& base, const MixtureCandidate& one) {
  const SourceEntry& entry = source_entry(one.weights.source);
  if (entry.own_rule)
    section.problem("source", fmt::format("is {}, which trains words by a rule of its own and "
                                          "cannot follow a shared weight (leave it out)",
                                          entry.name));
  if (entry.make_sharing)
    section.problem("source", fmt::format("is {}, whose layers share what they store, but every "
                                          "layer chooses by itself (leave it out)",
                                          entry.name));
  if (!one.weights.layers.empty())
    section.problem("layers", "has overrides, but a candidate is one source for any layer");
  if (one.weights.activations != base.activations)
    section.problem("activations",
                    "are the network's and no candidate's (set weights.activations)");
}

void read_candidates(Section& section, const SourceCard& base, MixtureCard& card) {
  SourceCard plain = base;
  plain.layers.clear();
  section.sections("candidates", [&](Section& inner, std::size_t) {
    MixtureCandidate one{.label = {}, .weights = plain};
    inner.value("label", one.label);
    inner.must_have("label");
    describe(inner, one.weights);
    check_candidate(inner, base, one);
    if (number_of(one.label, card))
      inner.problem("label", fmt::format("'{}' is another candidate's too", one.label));
    card.candidates.push_back(std::move(one));
  });
  if (card.candidates.size() < 2)
    section.problem("candidates", "must be two sources at least, for a search to choose between");
}

void read_targets(Section& section, MixtureCard& card) {
  section.sections("targets", [&](Section& inner, std::size_t) {
    MixtureTarget target;
    inner.choice("cost", target.cost,
                 {{"bytes", MixtureCost::bytes},
                  {"time", MixtureCost::time},
                  {"energy", MixtureCost::energy}});
    inner.must_have("cost");
    inner.value("at_most", target.at_most, positive);
    inner.must_have("at_most");
    inner.value("of", target.of);
    if (!target.of.empty() && !number_of(target.of, card))
      inner.problem("of", fmt::format("is '{}' but the candidates are {}", target.of,
                                      labels_text(card.candidates)));
    for (const MixtureTarget& other : card.targets)
      if (other.cost == target.cost)
        inner.problem("cost", fmt::format("is {} in two targets", name_of(target.cost)));
    card.targets.push_back(std::move(target));
  });
  if (card.targets.empty())
    section.problem("targets",
                    "is empty: nothing would keep the search from the dearest candidate (give one, "
                    "such as {cost: bytes, at_most: 0.5, of: <a candidate>})");
}

void read_warm_up(Section& section, MixtureCard& card) {
  section.section("warm_up", [&](Section& inner) {
    std::string with = card.candidates.empty() ? "" : card.candidates.front().label;
    inner.value("epochs", card.warm_up, {.low = 1, .high = 100'000});
    inner.value("with", with);
    const std::optional<std::size_t> number = number_of(with, card);
    if (!number)
      inner.problem("with", fmt::format("is '{}' but the candidates are {}", with,
                                        labels_text(card.candidates)));
    card.warm = number.value_or(0);
  });
}

void read_controls(Section& section, MixtureCard& card) {
  std::vector<std::string> names{"uniform", "random", "greedy"};
  section.value("controls", names);
  const auto has = [&](const char* name) { return std::ranges::find(names, name) != names.end(); };
  card.uniform = has("uniform");
  card.random = has("random");
  card.greedy = has("greedy");
  for (const std::string& name : names)
    if (name != "uniform" && name != "random" && name != "greedy")
      section.problem("controls",
                      fmt::format("holds '{}' but may hold uniform, random and greedy", name));
}

}  // namespace

const char* name_of(MixtureCost cost) {
  if (cost == MixtureCost::bytes) return "bytes";
  return cost == MixtureCost::time ? "time" : "energy";
}

const char* unit_of(MixtureCost cost) {
  if (cost == MixtureCost::bytes) return "B";
  return cost == MixtureCost::time ? "s" : "J";
}

void describe(Section& section, const SourceCard& base, MixtureCard& card) {
  std::string method = "dnas";
  section.choice("method", method, {"dnas"});
  read_candidates(section, base, card);
  read_targets(section, card);
  read_warm_up(section, card);
  section.value("epochs", card.epochs, {.low = 1, .high = 100'000});
  section.value("fine_tune", card.fine_tune, {.low = 1, .high = 100'000});
  section.value("rate", card.rate, positive);
  section.value("temperature", card.temperature, positive);
  card.final_temperature = card.temperature;
  section.value("final_temperature", card.final_temperature, positive);
  section.value("noise", card.noise);
  section.choice(
      "sample", card.sample,
      {{"soft", MixtureSample::soft}, {"straight_through", MixtureSample::straight_through}});
  section.choice("strengths", card.strengths,
                 {{"annealed", Strengths::annealed}, {"constant", Strengths::constant}});
  section.choice("cost_shares", card.cost_shares,
                 {{"mean", CostShares::mean}, {"drawn", CostShares::drawn}});
  section.choice("met_targets", card.met_targets,
                 {{"held", MetTargets::held}, {"free", MetTargets::free}});
  section.value("refit", card.refit, {.low = 1, .high = 1'000'000});
  read_controls(section, card);
}

}  // namespace lightloom::nn

#include "nn/network/weight_decay.hpp"

#include "core/cards/words.hpp"
#include "core/error.hpp"

namespace lightloom::nn {
namespace {

/// Looks layers up in the rules and remembers which rules held for one.
class Lookup {
 public:
  Lookup(const DecayRules& rules, double usual)
      : rules_(rules), usual_(usual), used_(rules.rules.size(), false) {}

  double of(const std::string& layer) {
    for (std::size_t r = 0; r < used_.size(); ++r) {
      if (!matches(rules_.rules[r].layer, layer)) continue;
      used_[r] = true;
      return rules_.rules[r].weight_decay;
    }
    return usual_;
  }
  [[nodiscard]] double of(const Parameter& parameter, double layer) const {
    return parameter.decay || rules_.everything ? layer : 0;
  }
  void require_all_used() const {
    for (std::size_t r = 0; r < used_.size(); ++r) {
      require(used_[r], "train.decay_rules names the layer '{}', which the network does not have",
              rules_.rules[r].layer);
    }
  }

 private:
  const DecayRules& rules_;
  double usual_;
  std::vector<bool> used_;
};

}  // namespace

void describe(Section& section, DecayRules& rules) {
  section.value("decay_everything", rules.everything);
  std::vector<DecayRule> given;
  section.sections("decay_rules", [&](Section& inner, std::size_t) {
    DecayRule rule;
    inner.value("layer", rule.layer);
    inner.must_have("layer");
    inner.value("weight_decay", rule.weight_decay, not_negative);
    given.push_back(std::move(rule));
  });
  if (section.has("decay_rules")) rules.rules = std::move(given);
}

std::vector<double> weight_decays(Network& network, const DecayRules& rules, double usual) {
  Lookup lookup(rules, usual);
  std::vector<double> all;
  for (WeightLayer& layer : network.weight_layers()) {
    const double decay = lookup.of(layer.shape.name);
    for (const Parameter* own : layer.source->parameters()) all.push_back(lookup.of(*own, decay));
    if (!layer.bias.value.empty()) all.push_back(lookup.of(layer.bias, decay));
  }
  for (const NormLayer& norm : network.norms()) {
    const double decay = lookup.of(norm.name);
    if (!norm.scale.value.empty()) all.push_back(lookup.of(norm.scale, decay));
    all.push_back(lookup.of(norm.shift, decay));
  }
  lookup.require_all_used();
  return all;
}

}  // namespace lightloom::nn

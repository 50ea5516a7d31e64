#pragma once

#include <string>
#include <vector>

#include "nn/network/network.hpp"

namespace lightloom::nn {

/// Another weight decay for some layers.
struct DecayRule {
  std::string layer;  // name of a weight layer or normalisation; `*` stands for any text
  double weight_decay = 0;
};

/// Which parameters shrink, and how much.
struct DecayRules {
  bool everything = false;       // norms, biases and quantiser steps too (He et al. 2016 did so)
  std::vector<DecayRule> rules;  // the first that matches a layer holds
};

/// Keys: decay_everything, decay_rules (a list of {layer, weight_decay}), read into the caller's
/// own section.
void describe(Section& section, DecayRules& rules);

/// The weight decay of every parameter in the order of `Network::parameters()`: `usual` or that of
/// a rule for what decays, zero for the scales and shifts of normalisations, biases, and the steps
/// and gains of quantisers. Throws `Error` for a rule that no layer matches.
std::vector<double> weight_decays(Network& network, const DecayRules& rules, double usual);

}  // namespace lightloom::nn

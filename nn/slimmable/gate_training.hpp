#pragma once

#include <cstdint>
#include <vector>

#include "core/progress.hpp"
#include "nn/data/image_set.hpp"
#include "nn/slimmable/slimmable_network.hpp"
#include "nn/slimmable/width_gate.hpp"

namespace lightloom::nn {

/// What a gate learns from: nothing that trains it changes the network.
struct GateExamples {
  std::size_t classes = 0;
  std::vector<float> features;             // [images, channels]
  std::vector<std::vector<float>> logits;  // [choice][images, classes]
  std::vector<int> labels;
  std::vector<double> macs;  // of every choice, an image
};

/// The images of a set, as they are, through the trunk and the `choices` narrowest widths.
GateExamples gate_examples(SlimmableNetwork& slim, const ImageSet& set, int choices);

/// Multiplications of one image through a width, trunk and gate included or without a gate.
double macs_of(const SlimmableNetwork& slim, std::size_t width, const WidthGate* gate);

/// The target of every image: 0 where the narrowest is right, else the last choice.
std::vector<std::size_t> gate_targets(const GateExamples& examples);

/// The loss of a batch and its gradient in the gate's logits [images, choices], `noise` Gumbel's of
/// the same shape or empty:
///   CE(sum_w h_w z_w, label) + target_weight CE(gate, target)
///   + cost_weight (max(0, mean_b sum_w h_w MACs_w - cost_target_macs) / cost_unit_macs)^2,
/// h the one-hot of the largest of (gate + noise), whose gradient is that of the soft-max of
/// (gate + noise) / temperature; each cross-entropy takes its soft-max once.
struct GateBatch {
  const GateExamples& examples;
  std::vector<std::uint32_t> images;
  std::vector<double> noise;
};
double gate_loss(const GateCard& card, const GateBatch& batch, const std::vector<double>& logits,
                 std::vector<double>& d_logits);

/// By what a gate is trained, and the seed of everything that this draws.
struct SeededGate {
  const GateCard& card;
  std::uint64_t seed = 0;
};

/// Trains a gate (DS-Net's stage 2), the network frozen; returns the mean loss of every epoch.
/// Throws `Failure` where it diverges or is cancelled. A pure function of the seed.
std::vector<double> train_gate(WidthGate& gate, const GateExamples& examples,
                               const SeededGate& recipe, ProgressSink& progress = no_progress());

}  // namespace lightloom::nn

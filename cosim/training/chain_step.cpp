#include "cosim/training/chain_step.hpp"

namespace lightloom::cosim {
namespace {

double input_numbers(const nn::LayerShape& s) {
  return 1.0 * s.in_height * s.in_width * s.in_channels;
}

double output_numbers(const nn::LayerShape& s) {
  return 1.0 * s.out_height * s.out_width * s.out_channels;
}

}  // namespace

double map_bytes(const TrainingStepCard& card, double numbers) {
  return numbers * card.batch * card.bits / 8;
}

StepPlan chain_step(const StepCore& on, std::span<const nn::LayerShape> layers,
                    const TrainingStepCard& card) {
  StepPlan plan{.images = card.batch, .order = card.order, .maps = {}, .operations = {}};
  const std::size_t count = layers.size();
  std::vector<std::size_t> inputs, gradients(count + 1);
  for (const nn::LayerShape& layer : layers)
    inputs.push_back(plan.add_map(layer.name + " input", map_bytes(card, input_numbers(layer))));
  const std::size_t outputs =
      plan.add_map("outputs", map_bytes(card, output_numbers(layers.back())));
  for (std::size_t i = 1; i < count; ++i)
    gradients[i] =
        plan.add_map(layers[i].name + " input gradient", map_bytes(card, input_numbers(layers[i])));
  gradients[count] =
      plan.add_map("gradient of outputs", map_bytes(card, output_numbers(layers.back())));

  plan.operations.push_back({.name = "images", .writes = {inputs.front()}});
  const auto product = [&](std::size_t i, StepPhase phase) {
    return StepOperation{.name = layers[i].name,
                         .phase = phase,
                         .macs = static_cast<double>(layers[i].macs()) * card.batch,
                         .core_ns = layer_time_ns(on, layers[i], plan)};
  };
  for (std::size_t i = 0; i < count; ++i) {
    StepOperation& forward = plan.operations.emplace_back(product(i, StepPhase::forward));
    forward.reads = {inputs[i]};
    forward.writes = {i + 1 < count ? inputs[i + 1] : outputs};
  }
  plan.operations.push_back({.name = "loss",
                             .phase = StepPhase::backward,
                             .reads = {outputs},
                             .writes = {gradients[count]}});
  for (std::size_t i = count; i-- > 0;) {
    StepOperation& weights = plan.operations.emplace_back(product(i, StepPhase::backward));
    weights.name += " weight gradient";
    weights.reads = {inputs[i], gradients[i + 1]};
    if (i == 0) break;
    StepOperation& input = plan.operations.emplace_back(product(i, StepPhase::backward));
    input.name += " input gradient";
    input.reads = {gradients[i + 1]};
    input.writes = {gradients[i]};
  }
  return plan;
}

}  // namespace lightloom::cosim

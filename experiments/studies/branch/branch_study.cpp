#include "experiments/studies/branch/branch_study.hpp"

#include "core/error.hpp"
#include "cosim/training/branch_step.hpp"
#include "experiments/studies/costs/training_step.hpp"
#include "nn/network/weights_file.hpp"

namespace lightloom::experiments {
namespace {

BranchMemory memory_of(const Experiment& card, const nn::BranchShape& shape,
                       const nn::NetworkShape& backbone) {
  const auto core = photonic::make_core(card.hardware.core);
  const cosim::StepCore on = step_core(card.hardware, core->description());
  const cosim::DramBehind dram = cosim::dram_behind(card.hardware.memory.dram);
  const auto with = [&](nn::BranchKeeps keeps) {
    return cosim::step_memory(
        cosim::branch_step(on, {shape, backbone.layers}, keeps, *card.training_step),
        *card.training_step, dram);
  };
  return {with(nn::BranchKeeps::everything), with(nn::BranchKeeps::last_pair)};
}

}  // namespace

BranchStudy study_branch(const Experiment& card, Workbench& workbench, ProgressSink& progress) {
  require(card.branch.has_value(),
          "the card has no section `branch`, which says what is trained beside its network");
  require(card.network.dataset.task == nn::Task::classes,
          "a branch learns classes (dataset.task is numbers)");
  const Workbench::DatasetPtr data = workbench.dataset(card);
  const Workbench::NetworkPtr teacher = workbench.teacher(card);
  nn::Network& backbone = *teacher->network;
  BranchStudy study{.card = *card.branch,
                    .shape = nn::branch_shape(backbone, *card.branch, data->shape.classes),
                    .result = {},
                    .memory = std::nullopt,
                    .weights = {}};
  if (card.training_step) study.memory = memory_of(card, study.shape, backbone.shape());
  study.backbone_accuracy = digital_accuracy(backbone, data->test);
  nn::BackboneTaps taps(backbone, study.shape);
  nn::BranchNetwork branch(study.shape, study.card.fraction_bits, card.seed);
  study.result = nn::train_branch(
      branch, taps, {.data = *data, .card = study.card, .seed = card.seed, .progress = progress});
  for (const nn::Parameter* one : branch.parameters())
    nn::add_vector(study.weights, one->name, one->value);
  return study;
}

}  // namespace lightloom::experiments

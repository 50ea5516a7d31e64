#include "experiments/studies/costs/training_step.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "cosim/training/chain_step.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

constexpr double s_of_ns = 1e-9, J_of_pJ = 1e-12;

Json tier_json(const cosim::TierCost& tier) {
  return {{"capacity_KB", tier.capacity_KB},
          {"area_mm2", tier.area_mm2},
          {"time_s", tier.time_ns * s_of_ns},
          {"energy_J", tier.energy_pJ() * J_of_pJ},
          {"energy_parts_J",
           {{"access", tier.access_pJ * J_of_pJ},
            {"leakage", tier.leakage_pJ * J_of_pJ},
            {"refresh", tier.refresh_pJ * J_of_pJ},
            {"DRAM", tier.dram_pJ * J_of_pJ}}},
          {"buffer_bytes", tier.buffer_bytes},
          {"dram_bytes", tier.dram_bytes}};
}

std::string verdict(const cosim::TierCost& edram) {
  return fmt::format("longest life {}, retention {}: {}",
                     with_prefix(edram.longest_life_ns * s_of_ns, "s"),
                     with_prefix(edram.retention_ns * s_of_ns, "s"),
                     edram.refresh_free() ? std::string("no refresh")
                                          : fmt::format("{:.6g} refreshes", edram.refreshes));
}

}  // namespace

cosim::StepCore step_core(const HardwareCard& hardware, const photonic::CoreDescription& core) {
  require(core.cost.symbol_rate_GHz > 0 && photonic::peak_macs_per_ns(core) > 0,
          "training_step needs a core with a symbol rate (core.kind is {})", core.kind);
  return {.core = core, .programming = hardware.programming, .cores = hardware.schedule.cores};
}

TrainingStepStudy study_training_step(const Experiment& card, const SourceLayers& layers) {
  const auto core = photonic::make_core(card.hardware.core);
  const cosim::StepCore on = step_core(card.hardware, core->description());
  TrainingStepStudy study{.card = *card.training_step};
  std::vector<nn::LayerShape> shapes;
  for (const cosim::CostLayer& layer : layers.front())
    if (!layer.product) shapes.push_back(layer.shape);
  for (const nn::LayerShape& shape : shapes)
    study.rule_ns = std::max(study.rule_ns, cosim::rule_time_ns(on, shape, study.card.batch));
  study.peak_macs_per_s = 1e9 * photonic::peak_macs_per_ns(on.core) * on.cores;
  study.memory = cosim::step_memory(cosim::chain_step(on, shapes, study.card), study.card,
                                    cosim::dram_behind(card.hardware.memory.dram));
  return study;
}

Json step_memory_json(const cosim::StepMemory& memory) {
  const cosim::TierCost& edram = memory.edram;
  return {{"macs",
           {{"forward", memory.forward_macs},
            {"recompute", memory.recompute_macs},
            {"backward", memory.backward_macs}}},
          {"peak_bytes", edram.peak_bytes},
          {"longest_life_s", edram.longest_life_ns * s_of_ns},
          {"retention_s", edram.retention_ns * s_of_ns},
          {"refresh_free", edram.refresh_free()},
          {"refreshes", edram.refreshes},
          {"failed_bits", edram.failed_bits},
          {"blind_refresh_J", edram.blind_refresh_pJ * J_of_pJ},
          {"edram", tier_json(edram)},
          {"sram", tier_json(memory.sram)},
          {"energy_gain", memory.energy_gain()}};
}

Json training_step_json(const TrainingStepStudy& study) {
  Json json = step_memory_json(study.memory);
  json["batch"] = study.card.batch;
  json["bits"] = study.card.bits;
  json["peak_macs_per_s"] = study.peak_macs_per_s;
  json["rule_s"] = study.rule_ns * s_of_ns;
  return json;
}

std::string step_memory_text(const std::string& name, const cosim::StepMemory& memory) {
  TextTable table({name, "capacity", "time", "access", "leakage", "refresh", "DRAM", "energy"});
  const auto row = [&](const char* kind, const cosim::TierCost& tier) {
    table.row(
        {kind, fmt::format("{:.4g} KB", tier.capacity_KB), with_prefix(tier.time_ns * s_of_ns, "s"),
         with_prefix(tier.access_pJ * J_of_pJ, "J"), with_prefix(tier.leakage_pJ * J_of_pJ, "J"),
         with_prefix(tier.refresh_pJ * J_of_pJ, "J"), with_prefix(tier.dram_pJ * J_of_pJ, "J"),
         with_prefix(tier.energy_pJ() * J_of_pJ, "J")});
  };
  row("eDRAM", memory.edram);
  row("SRAM of its area", memory.sram);
  return table.text() + fmt::format("maps at once {}; {}\n",
                                    with_prefix(memory.edram.peak_bytes, "B"),
                                    verdict(memory.edram));
}

std::string training_step_text(const TrainingStepStudy& study) {
  return step_memory_text(fmt::format("training step, batch {}", study.card.batch), study.memory);
}

}  // namespace lightloom::experiments

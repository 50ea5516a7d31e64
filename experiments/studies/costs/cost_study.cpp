#include "experiments/studies/costs/cost_study.hpp"

#include <algorithm>
#include <exception>

#include "core/parallel.hpp"
#include "cosim/cost/plan_memory.hpp"
#include "memory/traffic/dram_estimate.hpp"

namespace lightloom::experiments {
namespace {

bool generates(const cosim::CostLayer& layer) {
  return layer.way == cosim::WeightDelivery::regenerate ||
         layer.way == cosim::WeightDelivery::automatic;
}

/// Sources do not pay for what they have no use of: for a generator where nothing is regenerated,
/// for one that multiplies factors where there are none (shifts and look-ups are the electronic
/// unit's in any case).
cosim::GeneratorCard generator_for(const std::vector<cosim::CostLayer>& layers,
                                   const HardwareCard& hardware) {
  cosim::GeneratorCard generator = hardware.generator;
  if (std::none_of(layers.begin(), layers.end(), generates)) {
    generator.kind = cosim::no_generator;
  } else if (generator.present() && cosim::generator_entry(generator.kind).regenerate) {
    const bool multiplies =
        std::any_of(layers.begin(), layers.end(), [](const cosim::CostLayer& layer) {
          return generates(layer) && layer.factors.has_value();
        });
    if (!multiplies) generator.kind = cosim::electronic_name;
  }
  return generator;
}

bool lists_values(const std::vector<cosim::CostLayer>& layers) {
  return std::all_of(layers.begin(), layers.end(),
                     [](const cosim::CostLayer& layer) { return !layer.value_shares.empty(); });
}

cosim::CostInput cost_input(std::vector<cosim::CostLayer> layers,
                            const photonic::CoreDescription& core, const HardwareCard& hardware) {
  cosim::GeneratorCard generator = generator_for(layers, hardware);
  return {.layers = std::move(layers),
          .core = core,
          .memory = hardware.memory,
          .generator = generator,
          .programming = hardware.programming,
          .digital = hardware.digital,
          .schedule = hardware.schedule,
          .batch = hardware.batch,
          .activation_bits = hardware.activation_bits};
}

/// Inputs by what they can share: those without a generator differ in their layers alone.
std::vector<std::vector<std::size_t>> groups_of(const std::vector<cosim::CostInput>& inputs) {
  std::vector<std::vector<std::size_t>> groups(1);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].generator.present())
      groups.push_back({i});
    else
      groups.front().push_back(i);
  return groups;
}

/// Groups know nothing of each other, so each has a thread. Of several sources that are refused the
/// first speaks, whichever thread was quicker.
std::vector<cosim::StreamReport> streams_of(const std::vector<cosim::CostInput>& inputs) {
  std::vector<cosim::StreamReport> streams(inputs.size());
  std::vector<std::exception_ptr> refusals(inputs.size());
  const std::vector<std::vector<std::size_t>> groups = groups_of(inputs);
  parallel_for_dynamic(static_cast<std::ptrdiff_t>(groups.size()), [&](std::ptrdiff_t k) {
    cosim::PlanMemory memory;
    for (const std::size_t i : groups[static_cast<std::size_t>(k)]) try {
        streams[i] = cosim::simulate_stream(inputs[i], memory);
      } catch (...) {
        refusals[i] = std::current_exception();
      }
  });
  for (const std::exception_ptr& refusal : refusals)
    if (refusal) std::rethrow_exception(refusal);
  return streams;
}

}  // namespace

double CostStudy::speedup(std::size_t i) const { return reports[i].time_ns / reports[0].time_ns; }

double CostStudy::energy_gain(std::size_t i) const {
  return reports[i].energy_J() / reports[0].energy_J();
}

double CostStudy::steady_speedup(std::size_t i) const {
  return steady[i].time_ns / steady[0].time_ns;
}

double CostStudy::steady_energy_gain(std::size_t i) const {
  return steady[i].energy_J() / steady[0].energy_J();
}

SourceLayers source_layers(const nn::Graph& graph, const NetworkCard& network) {
  SourceLayers layers;
  for (const nn::SourceCard& weights : sources(network))
    layers.push_back(cosim::cost_layers(graph, network.dataset.normalise, weights));
  return layers;
}

std::vector<cosim::CostInput> cost_inputs(const SourceLayers& layers,
                                          const HardwareCard& hardware) {
  const auto core = photonic::make_core(hardware.core);
  photonic::CoreCard cells_alone = hardware.core;
  cells_alone.sparse_dac = {};
  const auto plain = photonic::make_core(cells_alone);
  std::vector<cosim::CostInput> inputs;
  for (std::vector<cosim::CostLayer> source : layers) {
    const bool own = inputs.empty();
    if (own) cosim::choose_way(hardware.way, source);  // baselines run as they are
    const photonic::TensorCore& runs_on = own || lists_values(source) ? *core : *plain;
    inputs.push_back(cost_input(std::move(source), runs_on.description(), hardware));
  }
  return inputs;
}

CostStudy study_cost(const NetworkCard& network, const HardwareCard& hardware,
                     const SourceLayers& layers) {
  CostStudy study{.labels = source_labels(network), .batch = hardware.batch};
  const std::vector<cosim::CostInput> inputs = cost_inputs(layers, hardware);
  for (cosim::StreamReport& stream : streams_of(inputs)) {
    study.reports.push_back(std::move(stream.first));
    study.steady.push_back(std::move(stream.steady));
  }
  const photonic::CoreDescription& core = inputs[0].core;
  study.peak_operations_per_s =
      2e9 * core.cost.symbol_rate_GHz * core.rows * core.columns * inputs[0].schedule.cores;
  study.peak_macs_per_s = 1e9 * photonic::peak_macs_per_ns(core) * inputs[0].schedule.cores;
  study.dram_stream_Bps = 1e9 * memory::estimate_runs(inputs[0].memory.dram, 1e9).bandwidth_GBps *
                          inputs[0].schedule.bandwidth_scale;
  const cosim::GeneratorCard& generator = inputs[0].generator;
  study.generator_kind = generator.kind;
  study.generator = cosim::generator_figures(generator);
  if (generator.present())
    study.generator_area_mm2 = study.generator.area_mm2 + generator.electronic.area_mm2;
  study.peak = photonic::throughput_of(inputs[0].core, hardware.schedule.cores);
  return study;
}

}  // namespace lightloom::experiments

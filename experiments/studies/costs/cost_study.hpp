#pragma once

#include <string>
#include <vector>

#include "core/files/labelled.hpp"
#include "cosim/generator/generator_table.hpp"
#include "cosim/network/network_layers.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "experiments/results/json.hpp"
#include "photonic/studies/throughput.hpp"

namespace lightloom::experiments {

/// The full cost simulations of a network under several weight sources on the same hardware. The
/// first is the card's own.
struct CostStudy {
  std::vector<std::string> labels;
  std::vector<cosim::CostReport> reports;  // of one batch that finds empty buffers
  std::vector<cosim::CostReport> steady;   // of each later one of a stream
  int batch = 1;
  /// Multiplications and additions of all cores, each tile full at every symbol; their time alone.
  double peak_operations_per_s = 0;
  double peak_macs_per_s = 0;  // what the rooflines' core allows: of all cores
  double dram_stream_Bps = 0;  // and their DRAM, of long runs
  std::string generator_kind;  // of the card's own source
  cosim::GeneratorFigures generator;
  double generator_area_mm2 = 0;  // with its electronic unit
  photonic::Throughput peak;      // of all cores, with nothing to wait for

  /// Time of source `i` over the time of the card's own.
  [[nodiscard]] double speedup(std::size_t i) const;
  [[nodiscard]] double energy_gain(std::size_t i) const;
  [[nodiscard]] double steady_speedup(std::size_t i) const;
  [[nodiscard]] double steady_energy_gain(std::size_t i) const;
};

/// The weight layers of a network under every source of the card, its own first. Independent of the
/// hardware, and most of the work for a large network.
using SourceLayers = std::vector<std::vector<cosim::CostLayer>>;
SourceLayers source_layers(const nn::Graph& graph, const NetworkCard& network);

/// What is simulated for every source of the card, its own first.
std::vector<cosim::CostInput> cost_inputs(const SourceLayers& layers, const HardwareCard& hardware);

/// Simulates every source of the card, each with the same care.
CostStudy study_cost(const NetworkCard& network, const HardwareCard& hardware,
                     const SourceLayers& layers);

/// Adds axes source, layer, component, stage, state and the variables of
/// `docs/use/results-files.md`. The layer axis may exist.
void add_cost(Labelled& data, const CostStudy& study);
/// Adds time_s, energy_J, speedup, energy_gain, peak, sources[...] and layers[...].
void add_cost(Json& json, const CostStudy& study);
/// Tables: time, energy, area and what binds for each source; energy by component; layers of the
/// card's own source.
std::string cost_text(const CostStudy& study);

}  // namespace lightloom::experiments

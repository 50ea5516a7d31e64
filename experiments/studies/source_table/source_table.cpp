#include "experiments/studies/source_table/source_table.hpp"

#include <cmath>

#include "core/error.hpp"
#include "cosim/generator/electronic_generator.hpp"
#include "experiments/cards/derived_cards.hpp"
#include "experiments/studies/costs/cost_study.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "memory/buffers/buffer_card.hpp"
#include "nn/accounting/ratio.hpp"

namespace lightloom::experiments {
namespace {

/// The float network's weights through the stored words of a source.
double sqnr_db(nn::Network& teacher, const nn::SourceCard& card) {
  nn::Network coded(teacher.graph(), card, 0, nn::InitialWeights::none);
  double signal = 0, error = 0;
  for (std::size_t l = 0; l < coded.weight_layers().size(); ++l)
    coded.weight_layers()[l].source->encode(nn::dense_weight(teacher.weight_layers()[l]));
  for (std::size_t l = 0; l < coded.weight_layers().size(); ++l) {  // shared parts are whole now
    const std::vector<float> dense = nn::dense_weight(teacher.weight_layers()[l]),
                             again = nn::dense_weight(coded.weight_layers()[l]);
    for (std::size_t i = 0; i < dense.size(); ++i) {
      const double miss = double{again[i]} - dense[i];
      signal += double{dense[i]} * dense[i];
      error += miss * miss;
    }
  }
  return 10 * std::log10(signal / error);
}

/// What a byte of weights costs on its way, from the simulation of the source that moves most.
double dram_pJ_per_byte(const CostStudy& study) {
  const cosim::CostReport* most = &study.reports.front();
  for (const cosim::CostReport& report : study.reports)
    if (report.traffic.sum() > most->traffic.sum()) most = &report;
  const double pJ = most->energy_pJ[cosim::Component::dram_transfer] +
                    most->energy_pJ[cosim::Component::dram_activate];
  return most->traffic.sum() > 0 ? pJ / most->traffic.sum() : 0;
}

/// Layer by layer: their words may differ in width.
void add_work(const std::vector<cosim::CostLayer>& layers, const HardwareCard& hardware,
              double weights, SourceRow& row) {
  for (const cosim::CostLayer& layer : layers) {
    const nn::RegenerationWork& work = layer.work;
    const auto macs = static_cast<double>(work.intra_macs + work.cross_macs);
    row.multiplies += macs / weights;
    row.adds += (macs + static_cast<double>(work.adds)) / weights;
    row.shifts += static_cast<double>(work.shifts) / weights;
    row.lookups += static_cast<double>(work.lookups) / weights;
    row.generation_pJ +=
        cosim::electronic_cost(hardware.generator.electronic, work).arithmetic_pJ / weights;
  }
}

void add_break_even(const SourceTable& table, SourceRow& row) {
  constexpr double stored = SourceTable::stored_bits / 8.0;
  const double once = row.generation_pJ + row.bits / 8 * table.dram_pJ_per_byte;
  row.sram_uses = once / (stored * table.sram_pJ_per_byte);
  row.dram_uses = once / (stored * table.dram_pJ_per_byte);
}

/// Trained and tested, by seed.
void add_accuracy(const Experiment& card, Workbench& workbench, SourceTable& table) {
  table.accuracy_known = true;
  const nn::ImageSet& test = workbench.dataset(card)->test;
  table.float_accuracy = accuracy_of(workbench.teacher_outcomes(card, test));
  for (int training = 0; training < card.seeds; ++training) {
    for (std::size_t s = 0; s < table.rows.size(); ++s) {
      const Experiment source = retrained(s == 0 ? card : with_baseline(card, s - 1), training);
      table.rows[s].accuracy.push_back(digital_accuracy(*workbench.student(source)->network, test));
    }
  }
}

}  // namespace

SourceTable compare_sources(const Experiment& card, Workbench& workbench, ProgressSink& progress) {
  if (card.measures.accuracy) require_classes(card, "the accuracy of sources");
  const Workbench::LayersPtr held = workbench.layers(card);
  const SourceLayers& layers = *held;
  const nn::NetworkShape shape = nn::network_shape(*workbench.graph(card));
  SourceTable table{.rows = {}, .batch = card.hardware.batch};
  for (const nn::LayerShape& layer : shape.layers) table.weights += layer.weights();
  require(table.weights > 0, "'{}' has no weights to compare sources of", card.network.model);
  const auto weights = static_cast<double>(table.weights);
  const CostStudy cost = study_cost(card.network, card.hardware, layers);
  table.dram_pJ_per_byte = dram_pJ_per_byte(cost);
  const memory::BufferCard& buffer = card.hardware.memory.weight_buffer;
  const double bytes = 1024;  // in whole words
  table.sram_pJ_per_byte =
      memory::read_energy_pJ(buffer, memory::buffer_figures(buffer), bytes) / bytes;
  const std::vector<nn::SourceCard> all = sources(card.network);
  Progress steps(progress, "sources", static_cast<std::int64_t>(all.size()), "sources");
  for (std::size_t s = 0; s < all.size(); ++s) {
    if (progress.cancelled()) throw Failure("interrupted while sources were compared");
    const nn::Ratio ratio = nn::ratio_of(shape, all[s]);
    SourceRow row{.label = cost.labels[s],
                  .source = all[s].source,
                  .bits = static_cast<double>(ratio.complete_bits) / weights,
                  .code_bits = static_cast<double>(ratio.memory_bits) / weights,
                  .sqnr_db = sqnr_db(*workbench.teacher(card)->network, all[s]),
                  .time_s = cost.steady[s].time_s(),
                  .energy_J = cost.steady[s].energy_J()};
    add_work(layers[s], card.hardware, weights, row);
    add_break_even(table, row);
    table.rows.push_back(std::move(row));
    steps.advance(1, table.rows.back().label);
  }
  if (card.measures.accuracy) add_accuracy(card, workbench, table);
  return table;
}

}  // namespace lightloom::experiments

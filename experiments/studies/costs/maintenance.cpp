#include "experiments/studies/costs/maintenance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cosim/layers/tile_write.hpp"
#include "cosim/layers/vector_read.hpp"
#include "cosim/mapping.hpp"
#include "experiments/cards/durations.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

using Part = MaintenanceCost::Part;

constexpr double s_per_ns = 1e-9, J_per_pJ = 1e-12;

/// Calls `use(layer, view)` for every tile of a network in order.
template <class Use>
void for_each_tile(const cosim::CostReport& report, const Use& use) {
  for (const cosim::LayerCost& layer : report.layers)
    for (std::int64_t tile = 0; tile < layer.mapping.tiles; ++tile)
      use(layer, cosim::tile_view(layer.mapping, tile));
}

/// As the schedule writes tiles: cores work side by side, each on its own one after the other.
Part programming_of(const MaintenanceCost& cost, const cosim::CostReport& report,
                    const Experiment& card) {
  const photonic::CoreCost core = photonic::make_core(card.hardware.core)->description().cost;
  std::vector<double> core_ns(static_cast<std::size_t>(cost.cores));
  double energy_pJ = 0;
  std::size_t next = 0;
  for_each_tile(report, [&](const cosim::LayerCost& layer, const cosim::TileView& view) {
    const cosim::TileSettings settings = cosim::tile_settings(core, layer.value_shares, view);
    const cosim::WrittenTile tile{.rows = static_cast<double>(view.rows) * view.groups,
                                  .regenerated = layer.way == cosim::WeightDelivery::regenerate,
                                  .conversions = settings.conversions};
    core_ns[next] += cosim::tile_write(core, card.hardware.programming, tile).sum_ns();
    energy_pJ += settings.conversions * core.write_energy_pJ +
                 settings.switchings * core.sparse_dac.switch_energy_pJ;
    next = (next + 1) % core_ns.size();
  });
  return {*std::max_element(core_ns.begin(), core_ns.end()) * s_per_ns, energy_pJ * J_per_pJ};
}

/// A reference lights or drives all inputs of a tile, and all its outputs are read.
Part references_of(const MaintenanceCost& cost, const photonic::CoreDescription& core) {
  const double vectors = cost.card.reference_vectors;
  const cosim::VectorRead read = cosim::vector_read(core);
  const double rounds = std::ceil(static_cast<double>(cost.tiles) / cost.cores);
  return {rounds * vectors * read.ns * s_per_ns,
          static_cast<double>(cost.tiles) * vectors * read.pJ * J_per_pJ};
}

Json part_json(const Part& part) { return {{"time_s", part.time_s}, {"energy_J", part.energy_J}}; }

}  // namespace

MaintenanceCost study_maintenance(const Experiment& card, const CostStudy& study) {
  const cosim::CostReport& steady = study.steady.front();
  const auto core = photonic::make_core(card.hardware.core);
  MaintenanceCost cost{.card = *card.maintenance,
                       .tiles = steady.tiles,
                       .cores = card.hardware.schedule.cores,
                       .weights_stay = steady.weights_on_cores};
  cost.image_time_s = steady.time_s() / study.batch;
  cost.image_energy_J = steady.energy_J() / study.batch;
  cost.images = cost.card.load * cost.card.every_s / cost.image_time_s;
  if (cost.card.reprogram) cost.programming = programming_of(cost, steady, card);
  cost.references = references_of(cost, core->description());
  cost.ranges = {card.calibration_images * cost.image_time_s,
                 card.calibration_images * cost.image_energy_J};
  return cost;
}

Json maintenance_json(const MaintenanceCost& cost) {
  return {{"every_s", cost.card.every_s},
          {"reprogram", cost.card.reprogram},
          {"time_s", cost.time_s()},
          {"energy_J", cost.energy_J()},
          {"programming", part_json(cost.programming)},
          {"references", part_json(cost.references)},
          {"ranges", part_json(cost.ranges)},
          {"time_share", cost.time_share()},
          {"images", cost.images},
          {"energy_per_image_J", cost.energy_per_image_J()},
          {"energy_share", cost.energy_share()},
          {"tiles", cost.tiles},
          {"cores", cost.cores},
          {"weights_stay", cost.weights_stay}};
}

void add_maintenance(Labelled& data, const MaintenanceCost& cost) {
  const auto add = [&](const char* name, double value, const char* unit, const char* long_name) {
    data.add({name, {}, std::vector<double>{value}, unit, long_name});
  };
  add("maintenance_every", cost.card.every_s, "s", "time between two maintenances of the core");
  add("maintenance_time", cost.time_s(), "s", "time of one");
  add("maintenance_energy", cost.energy_J(), "J", "energy of one");
  add("maintenance_time_share", cost.time_share(), "1", "share of all time");
  add("maintenance_energy_share", cost.energy_share(), "1", "share of the energy of all images");
}

std::string maintenance_text(const MaintenanceCost& cost) {
  TextTable table(
      {fmt::format("maintenance every {}", duration_text(cost.card.every_s)), "time", "energy"});
  const auto row = [&](const char* name, const Part& part) {
    table.row({name, with_prefix(part.time_s, "s"), with_prefix(part.energy_J, "J")});
  };
  if (cost.card.reprogram) row("writing all weights", cost.programming);
  row("reading references", cost.references);
  row("ranges of converters", cost.ranges);
  table.row({"share of all", fmt::format("{:.3g} %", 100 * cost.time_share()),
             fmt::format("{:.3g} %", 100 * cost.energy_share())});
  std::string text = table.text();
  if (!cost.weights_stay)
    text += fmt::format(
        "the weights are {} tiles on {} {}: this schedule writes tiles again with every batch, so "
        "that none gets old\n",
        cost.tiles, cost.cores, cost.cores == 1 ? "core" : "cores");
  return text;
}

}  // namespace lightloom::experiments

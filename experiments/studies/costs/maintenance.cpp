#include "experiments/studies/costs/maintenance.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/cards/durations.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

using Part = MaintenanceCost::Part;

constexpr double s_per_ns = 1e-9, J_per_pJ = 1e-12;

/// Cores work side by side, each on its tiles one after the other.
double rounds_of(const MaintenanceCost& cost) {
  return std::ceil(static_cast<double>(cost.tiles) / cost.cores);
}

/// As the schedule writes a tile.
Part programming_of(const MaintenanceCost& cost, const photonic::CoreCost& core,
                    const cosim::ProgrammingCard& card) {
  const auto devices = static_cast<double>(core.devices);
  const double settings = card.lanes > 0 ? std::ceil(devices / card.lanes) : 1;
  const double tile_ns = settings / card.rate_GHz + core.settle_ns;
  return {rounds_of(cost) * tile_ns * s_per_ns,
          static_cast<double>(cost.tiles) * devices * core.write_energy_pJ * J_per_pJ};
}

/// A reference lights or drives all inputs of a tile, and all its outputs are read.
Part references_of(const MaintenanceCost& cost, const photonic::CoreDescription& core) {
  const double vectors = cost.card.reference_vectors;
  const double ns = vectors / core.cost.symbol_rate_GHz;
  const double vector_pJ = core.columns * core.cost.input_energy_pJ +
                           core.rows * core.cost.output_energy_pJ +
                           core.cost.laser_power_mW / core.cost.symbol_rate_GHz;
  return {rounds_of(cost) * ns * s_per_ns,
          static_cast<double>(cost.tiles) * vectors * vector_pJ * J_per_pJ};
}

Json part_json(const Part& part) { return {{"time_s", part.time_s}, {"energy_J", part.energy_J}}; }

}  // namespace

MaintenanceCost study_maintenance(const Experiment& card, const CostStudy& study) {
  const cosim::CostReport& steady = study.steady.front();
  const auto core = photonic::make_core(card.hardware.core);
  MaintenanceCost cost{
      .card = *card.maintenance, .tiles = steady.tiles, .cores = card.hardware.schedule.cores};
  cost.image_time_s = steady.time_s() / study.batch;
  cost.image_energy_J = steady.energy_J() / study.batch;
  cost.images = cost.card.load * cost.card.every_s / cost.image_time_s;
  if (cost.card.reprogram)
    cost.programming = programming_of(cost, core->description().cost, card.hardware.programming);
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
          {"weights_stay", cost.stays()}};
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
  if (!cost.stays())
    text += fmt::format(
        "the weights are {} tiles on {} {}: this schedule writes tiles again with every batch, so "
        "that none gets old\n",
        cost.tiles, cost.cores, cost.cores == 1 ? "core" : "cores");
  return text;
}

}  // namespace lightloom::experiments

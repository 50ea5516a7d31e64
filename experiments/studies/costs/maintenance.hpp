#pragma once

#include <string>

#include "core/files/labelled.hpp"
#include "experiments/results/json.hpp"
#include "experiments/studies/costs/cost_study.hpp"

namespace lightloom::experiments {

/// What keeping a core young costs, of the card's own source.
struct MaintenanceCost {
  MaintenanceCard card;
  std::int64_t tiles = 0;
  int cores = 1;
  /// Whether tiles stay on their cores from batch to batch. Otherwise the schedule writes them anew
  /// with every batch, and none gets that old.
  bool weights_stay = false;
  /// Of one time: writing all tiles (`reprogram` alone), reading references at every tile, running
  /// the images by which converters find their ranges.
  struct Part {
    double time_s = 0, energy_J = 0;
  };
  Part programming, references, ranges;
  double images = 0;                            // computed between two times
  double image_time_s = 0, image_energy_J = 0;  // of each, in a stream of batches

  [[nodiscard]] double time_s() const {
    return programming.time_s + references.time_s + ranges.time_s;
  }
  [[nodiscard]] double energy_J() const {
    return programming.energy_J + references.energy_J + ranges.energy_J;
  }
  /// Of all time, that in which nothing is computed for its sake.
  [[nodiscard]] double time_share() const { return time_s() / (card.every_s + time_s()); }
  [[nodiscard]] double energy_per_image_J() const { return energy_J() / images; }
  /// Of all energy that images cost.
  [[nodiscard]] double energy_share() const {
    return energy_per_image_J() / (image_energy_J + energy_per_image_J());
  }
};

/// The card must have its section `maintenance`; `study` is its cost.
MaintenanceCost study_maintenance(const Experiment& card, const CostStudy& study);

/// The object `maintenance` of `run` and `cost`.
Json maintenance_json(const MaintenanceCost& cost);
/// Scalars of `docs/use/results-files.md`.
void add_maintenance(Labelled& data, const MaintenanceCost& cost);
/// A table and a sentence.
std::string maintenance_text(const MaintenanceCost& cost);

}  // namespace lightloom::experiments

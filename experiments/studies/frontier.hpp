#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/results/json.hpp"
#include "experiments/statistics/spread.hpp"
#include "experiments/studies/costs/cost_study.hpp"
#include "experiments/studies/workbench.hpp"

namespace lightloom::experiments {

/// One value of a card's key, and what it buys.
struct FrontierPoint {
  double value = 0;
  std::string problem;  // why the card refuses the value; then nothing below holds
  CostStudy study;
  std::optional<Spread> accuracy;              // on chips
  std::vector<std::string> images_chose = {};  // before the frontier did, see what_images_chose
};

/// A card's hardware as one of its keys goes through a list of values.
struct Frontier {
  std::string key;
  std::vector<FrontierPoint> points;

  /// Whether another point takes no more energy for no fewer bits of light (no less accuracy, where
  /// that was measured), and is better in one.
  [[nodiscard]] bool dominated(std::size_t i) const;
  /// What the test images chose: with accuracies, which values stand out, too.
  [[nodiscard]] std::vector<std::string> images_chose() const;
};

/// The card with some keys set to other values ("key.path=value").
using CardWith = std::function<Experiment(const std::vector<std::string>& settings)>;

/// What is asked for: the values that a key goes through, and whether chips are evaluated too.
struct FrontierAsked {
  std::string key;
  std::vector<double> values;
  bool accuracy = false;
};

/// The key that stands behind a short name: generator.laser, generator.bits, core.laser.
std::string frontier_key(const std::string& name);
/// Values from a sixteenth to sixteen times that of the card, or two bits around its bits. Throws
/// `Error` where the card has no number there.
std::vector<double> frontier_values(const Experiment& card, const std::string& key);

/// Works out every value; with accuracy, on the card's chips, whose network is trained once. A
/// generator's laser and its bits give way to each other. Throws `Error` when the card refuses all
/// values.
Frontier study_frontier(const CardWith& card_with, const FrontierAsked& asked,
                        ProgressSink& progress);

Json frontier_json(const Frontier& frontier);
std::string frontier_text(const Frontier& frontier);

}  // namespace lightloom::experiments

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/cards/experiment_card.hpp"
#include "experiments/studies/workbench.hpp"
#include "nn/slimmable/sandwich.hpp"
#include "nn/slimmable/slimmable_network.hpp"
#include "nn/slimmable/traffic.hpp"
#include "nn/slimmable/width_gate.hpp"

namespace lightloom::experiments {

/// Time and energy of one image by itself, on the card's hardware.
struct ImageCost {
  double time_s = 0, energy_J = 0;
  std::int64_t tiles = 0;  // that the core is loaded with, all layers
};

/// One width of a slimmable network.
struct WidthFigures {
  double width = 0, accuracy = 0;
  double macs = 0, bytes = 0;  // of one image by itself: trunk, gate and what is behind it
  std::int64_t images = 0;     // of the test set that the gate gave it
  std::optional<ImageCost> cost;
};

/// A batch of images that are loaded for together, in the order of the test set.
struct BatchTraffic {
  std::size_t size = 1;
  double bytes = 0;  // an image
};

/// What chose among the widths, or one width of equal traffic.
struct GateFigures {
  double accuracy = 0;
  double macs = 0, bytes = 0;  // means over the test set, one image at a time
  double histogram_bytes = 0;  // sum over widths of share times bytes: the closed form
  std::vector<BatchTraffic> batches;
  std::optional<ImageCost> cost;  // means; tiles rounded
  double random_accuracy = 0;     // expected of a gate that draws widths with the same histogram
  double random_deviation = 0;    // of its accuracy, over draws
  double gain_error = 0;          // standard error of accuracy - random_accuracy, over images
};

/// A network of one width, trained by itself.
struct StaticFigures {
  double width = 0, accuracy = 0, macs = 0, bytes = 0;
};

struct SlimStudy {
  std::vector<WidthFigures> widths;
  double stored_bytes = 0, trunk_bytes = 0, gate_bytes = 0;
  std::vector<double> statistics_bytes;  // by width: of its normalisations, behind the trunk
  std::vector<nn::SandwichEpoch> epochs;
  std::vector<double> gate_losses;  // by epoch
  std::optional<GateFigures> gate;
  std::optional<StaticFigures> fixed;
  std::unique_ptr<nn::SlimmableNetwork> network;
  std::unique_ptr<nn::WidthGate> chooser;  // null without a gate
};

/// Trains the card's network in widths, and its gate, or reads them from `slimmable.file`, and
/// evaluates them on the test images beside their controls (docs/models/nn/slimmable.md). Throws
/// `Error` for a card without a section `slimmable`.
SlimStudy study_slim(const Experiment& card, Workbench& workbench, ProgressSink& progress);

}  // namespace lightloom::experiments

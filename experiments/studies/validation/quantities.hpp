#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "calibration/products/products.hpp"
#include "core/files/labelled.hpp"
#include "experiments/cards/experiment_card.hpp"

namespace lightloom::experiments {

/// Weights that chips are asked for: even in [-1, 1], or normal, which crossbars may clip.
enum class AskedWeights { uniform, normal };

/// What a prediction says beside the name of its quantity. Each quantity takes some of these.
struct QuantityOptions {
  std::vector<std::string> parts;    // of the core ("DAC", "laser"); empty: all
  std::vector<std::string> without;  // parts left out
  std::string product;               // "M,K,N": the layer, in place of the card's network
  std::string baseline;              // label of the source that the card's own is compared with
  double bits = 0;                   // uniform effective bits asked for
  int averages = 1;                  // readings that are averaged
  int chips = 32;                    // drawn
  AskedWeights targets = AskedWeights::uniform;
  calibration::ErrorModel model = calibration::ErrorModel::gains;  // of errors of products
};

/// A number that the simulation gives and papers print.
struct Quantity {
  std::string name;                  // as cards call it
  std::string family;                // its column in the table
  std::string unit;                  // of the number, and of the published one beside it
  std::string meaning;               // in words, for the documentation
  std::vector<std::string> options;  // keys of QuantityOptions that it takes
  bool needs_files = false;          // trained weights, a data set, or measurements
  /// Of the card, resolved. Throws `Error` where the card has no such number. nullptr: only results
  /// have it.
  double (*of)(const Experiment& card, const QuantityOptions& options) = nullptr;
  /// Of a results file, whose attribute `kind` is `results_kind`. Throws `Error` where the file has
  /// no such number. nullptr: it is in none.
  double (*in)(const Labelled& results, const QuantityOptions& options) = nullptr;
  std::string results_kind = {};
};

/// All quantities, in the order of the documentation.
const std::vector<Quantity>& quantities();
/// The row of that name, or nullptr.
const Quantity* find_quantity(std::string_view name);

}  // namespace lightloom::experiments

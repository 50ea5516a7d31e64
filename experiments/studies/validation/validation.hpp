#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "experiments/studies/validation/chip_card.hpp"

namespace lightloom::experiments {

/// A number of a chip as the simulation gives it.
struct Compared {
  ChipMetric metric;
  bool fitted = false;              // the card's fit was made for it
  std::optional<double> predicted;  // in the quantity's unit
  bool recorded = false;            // it was computed elsewhere, and the card keeps it
  std::string made_by;              // the command whose results file it is from; "": none
  std::string skipped;              // why there is none, in words

  /// Predicted over published.
  [[nodiscard]] std::optional<double> ratio() const;
};

/// A chip with all of its numbers.
struct ValidatedChip {
  ChipCard card;
  std::vector<Compared> predictions, consequences;
  int other_numbers = 0;  // of the model's core, which no input sets: those of a general card
};

/// How many predictions that were not fitted agree with what was published.
struct Agreement {
  int compared = 0;
  int within_10_percent = 0;
  int within_factor_2 = 0;
  int skipped = 0;
  int fitted = 0;
  int consistent = 0;  // of numbers that share their source with inputs, not among the compared
};

struct Validation {
  std::vector<ValidatedChip> chips;
  [[nodiscard]] Agreement agreement() const;
};

/// Whether numbers that run trained networks are computed where their files are there, or taken
/// from the card's record.
enum class Networks { recorded, run };

struct ValidationOptions {
  std::vector<std::string> settings = {};  // of the cards, "key.path=value"
  Networks networks = Networks::recorded;
  std::string results = {};  // folder of results files that the cards' commands wrote, which come
                             // before both; "": none
};

/// Reads the cards and computes all that they predict. Throws `Error` with the problems of all
/// cards at once, and for a folder of results in which none is that they name.
Validation validate(const std::vector<std::string>& paths, const ValidationOptions& options,
                    ProgressSink& progress = no_progress());

/// The cards in data/chips, those here or else the shipped ones, in order of their names.
std::vector<std::string> shipped_chips();

}  // namespace lightloom::experiments

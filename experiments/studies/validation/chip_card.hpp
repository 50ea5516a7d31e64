#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/cards/card.hpp"
#include "experiments/studies/validation/quantities.hpp"

namespace lightloom::experiments {

/// How a number of a chip is known.
enum class Mark {
  published,            // printed in the paper
  published_code,       // in code or data that its authors, or those of another tool, published
  independent_summary,  // in a summary of the paper by others
  measured,             // computed from published raw data
  derived,              // arithmetic on published numbers, which the source gives
  from_memory,          // not checked
};
const char* mark_name(Mark mark);

/// A number with its unit, and where it comes from.
struct SourcedNumber {
  double value = 0;
  std::string unit;  // "1" for a pure number
  std::string source;
  Mark mark = Mark::from_memory;
};

/// A device figure, or a table of them, and the keys of the model that it sets.
struct ChipInput {
  std::string name;
  SourcedNumber number;
  Tree table;                     // a list that the keys take as it is, in place of the number
  std::vector<std::string> sets;  // "core.symbol_rate_GHz"
};

/// A number that no source gives: chosen so that one prediction agrees, which then predicts
/// nothing.
struct ChipFit {
  ChipInput input;
  std::string prediction;  // its name
};

/// A number of the chip, as the simulation gives it and, unless it is a consequence, as published.
struct ChipMetric {
  std::string name;
  const Quantity* quantity = nullptr;  // nullptr only where the card has problems
  QuantityOptions options;
  Tree experiment;  // path of an experiment card in place of model and inputs; null: none
  std::vector<std::pair<std::string, Tree>> with;  // keys of it, or the model, that differ here
  std::optional<SourcedNumber> published;
  bool consistency = false;  // inputs share their source with the published number: not counted
  std::string tolerance;     // of the published number, in words
  std::string reason;        // why the two are likely to differ
  std::vector<std::string> files;  // data and weights, without which it is skipped
  std::string command;             // that makes them
  std::string results;             // file that it writes, which holds the number; "": none
  std::optional<double> recorded;  // what it gave where the files were there
};

/// A published chip: what it is made of, and what was measured on it.
struct ChipCard {
  std::string path;
  std::string name;
  std::string summary;
  std::string paper;
  Tree model;  // sections of an experiment card, without numbers
  std::vector<ChipInput> inputs;
  std::vector<ChipFit> fits;  // at most one
  std::vector<ChipMetric> predictions;
  std::vector<ChipMetric> consequences;  // of the same model, with no published number beside them

  [[nodiscard]] bool fitted(const ChipMetric& metric) const;
};

/// Reads the card at `path` with `settings` ("key.path=value") on top. Throws `Error` with all its
/// problems: inputs, fits and published values without value, unit, source or mark; a unit that is
/// not that of the key or quantity; numbers in `model`; two fits; a fit to no prediction; unknown
/// quantities and options; predictions without a published value, consequences with one.
ChipCard read_chip(const std::string& path, const std::vector<std::string>& settings = {});

/// The experiment that a metric is computed on: the card that it names, or else model, inputs and
/// fit; and what differs. Throws `Error` with the problems of the model.
Experiment experiment_of(const ChipCard& chip, const ChipMetric& metric);

}  // namespace lightloom::experiments

#pragma once

#include <optional>
#include <vector>

#include "core/files/labelled.hpp"
#include "experiments/results/views/freeze_view.hpp"
#include "experiments/studies/accuracy/accuracy_result.hpp"
#include "experiments/studies/accuracy/ages.hpp"
#include "experiments/studies/accuracy/number_result.hpp"
#include "experiments/studies/costs/cost_study.hpp"
#include "experiments/studies/costs/maintenance.hpp"
#include "experiments/studies/costs/sensitivity.hpp"
#include "experiments/studies/workbench.hpp"
#include "nn/accounting/ratio.hpp"

namespace lightloom::experiments {

/// Everything a run finds out.
struct RunResult {
  std::vector<std::string> labels;  // of the sources, the card's own first
  std::vector<nn::Ratio> ratios;    // of the same
  std::optional<AccuracyResult> accuracy;
  std::optional<NumberResult> numbers;  // in its place where numbers answer, not classes
  std::optional<LoopResult> loop;       // how the network was fine-tuned on a chip, if it was
  std::optional<FreezeStudy> freeze;    // what frozen layers cost and saved, if some were
  std::vector<AgeResult> ages;          // of chips, where the card asks for some
  std::optional<CostStudy> cost;
  std::optional<MaintenanceCost> maintenance;
  std::optional<Sensitivity> sensitivity;
};

/// The whole way: train, encode, quantise, evaluate digitally and on chips, count bits, simulate
/// time and energy.
RunResult run_experiment(const Experiment& card, Workbench& workbench,
                         ProgressSink& progress = no_progress());

/// Throws `Error` unless the card's network tells classes, which `what` is about ("a search").
void require_classes(const Experiment& card, const char* what);

/// The arrays of `docs/use/results-files.md`, without provenance. Equal runs give equal arrays.
Labelled to_labelled(const RunResult& result, const Experiment& card);
/// The same with provenance, as a results file holds it; `command` is what started the run.
Labelled results_of(const RunResult& result, const Experiment& card, const std::string& command);
/// The object that `lightloom run --json` prints.
Json to_json(const RunResult& result);
/// The tables that `lightloom run` prints.
std::string to_text(const RunResult& result);

}  // namespace lightloom::experiments

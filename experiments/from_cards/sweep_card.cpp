#include "experiments/from_cards/sweep_card.hpp"

#include "core/files/labelled_bytes.hpp"
#include "experiments/from_cards/sweep_study.hpp"

namespace lightloom::experiments {

Labelled sweep_card(const CardCall& call, const std::string& output) {
  const SweepStudy study = read_sweep(call.card);
  const SweepCall whole{.part = {}, .output = output, .command = call.command};
  SweepOutcome outcome = compute_sweep(study, whole, *call.progress);
  if (!output.empty()) write_packed(output, outcome.table);
  return std::move(outcome.table);
}

}  // namespace lightloom::experiments

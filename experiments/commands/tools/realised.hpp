#pragma once

#include "core/cards/tree.hpp"
#include "core/statistics.hpp"
#include "experiments/commands/command_line.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "photonic/cores/core_card.hpp"

namespace lightloom::experiments {

/// `lightloom chip core.yaml --target W.npy --realised out.h5`: what every chip makes of a matrix,
/// in a file.
/// `resolved`: the card with its defaults, for the file's origin.
Shown realise_target(const photonic::CoreCard& card, const Tree& resolved, const CommandLine& line);

/// "mean", "std", ... of values, as every table of chips has them.
Json summary_json(const Summary& summary);
void add_row(TextTable& table, const std::string& name, const Summary& summary);

}  // namespace lightloom::experiments

#pragma once

#include <string>

#include "core/files/labelled.hpp"
#include "experiments/results/json.hpp"
#include "experiments/studies/in_the_loop.hpp"

namespace lightloom::experiments {

/// The object `in_the_loop` of `train` and `run`.
Json loop_json(const LoopResult& result);
/// By stage, and the whole network on its chip before and after.
void add_loop(Labelled& data, const LoopResult& result);
/// A table.
std::string loop_text(const LoopResult& result);

}  // namespace lightloom::experiments

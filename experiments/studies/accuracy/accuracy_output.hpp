#pragma once

#include <string>

#include "experiments/results/json.hpp"
#include "experiments/studies/accuracy/accuracy_result.hpp"

namespace lightloom::experiments {

/// Keys `images`, `intervals`, `comparisons` and, where there are several,
/// `baselines` and `seeds` of the object `accuracy`.
void add_statistics(Json& json, const AccuracyResult& accuracy);
/// Tables of intervals and comparisons, and a sentence where test images chose something.
std::string statistics_text(const AccuracyResult& accuracy);

}  // namespace lightloom::experiments

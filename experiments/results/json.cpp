#include "experiments/results/json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace lightloom::experiments {

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

}  // namespace lightloom::experiments

#pragma once

#include <string>
#include <vector>

#include "calibration/products/product_fit.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {

/// What measured products say of a core: models, shares, corrections.
Shown product_fit_view(const calibration::ProductFit& fit);

/// What is to be said beside the numbers, a sentence each.
std::vector<std::string> product_fit_notes(const calibration::ProductFit& fit);

/// The model in words: "gain and offset of every output", ...
std::string model_text(calibration::ErrorModel model, int period);

}  // namespace lightloom::experiments

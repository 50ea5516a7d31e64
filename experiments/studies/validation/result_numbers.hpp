#pragma once

#include "experiments/studies/validation/quantities.hpp"

namespace lightloom::experiments {

// Quantities as results files hold them: what they mean stands in the table (quantities.cpp). All
// throw `Error` where the file has no such number.

// Of what `lightloom run` writes.
double accuracy_percent_in(const Labelled& results, const QuantityOptions& options);
double digital_accuracy_percent_in(const Labelled& results, const QuantityOptions& options);
double accuracy_lost_percent_in(const Labelled& results, const QuantityOptions& options);

// Of what `lightloom calibrate products -o` writes beside the card.
double product_residual_in(const Labelled& results, const QuantityOptions& options);
double product_kurtosis_within_in(const Labelled& results, const QuantityOptions& options);
double product_kurtosis_pooled_in(const Labelled& results, const QuantityOptions& options);

}  // namespace lightloom::experiments

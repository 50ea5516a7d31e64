#pragma once

#include <string>

#include "experiments/studies/validation/validation.hpp"

namespace lightloom::experiments {

/// docs/evidence/published-chips.md: the table, and of every chip its inputs, predictions and what
/// follows. The same on every machine with the same cards.
std::string validation_markdown(const Validation& validation);

/// The same as one self-contained HTML page, no script, with the ratios drawn on a logarithmic
/// scale.
std::string validation_page(const Validation& validation);

}  // namespace lightloom::experiments

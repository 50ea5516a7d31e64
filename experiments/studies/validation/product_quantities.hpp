#pragma once

#include "experiments/studies/validation/quantities.hpp"

namespace lightloom::experiments {

/// Root mean square over chips of what `options.model` leaves, held out, of the products of a tile
/// of normal weights with normal inputs that the analog engine computes on chips which draw their
/// measured errors, 64 vectors an output. In the units of `measured.full_scale`. Throws `Error`
/// for cores without such errors.
double drawn_product_residual(const Experiment& card, const QuantityOptions& options);

}  // namespace lightloom::experiments

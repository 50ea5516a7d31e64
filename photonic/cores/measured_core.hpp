#pragma once

#include <memory>

#include "photonic/cores/measured_card.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::photonic {

/// `core` with errors of products on top: frozen ones in its realised weights, the others as its
/// `output_errors`, which stand in place of its read-out noise. Throws `Error` where the measured
/// outputs are not as many as the core's and the card does not repeat them.
std::unique_ptr<TensorCore> measured_core(std::unique_ptr<TensorCore> core,
                                          const MeasuredCard& card);

}  // namespace lightloom::photonic

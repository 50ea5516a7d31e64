#pragma once

#include "experiments/studies/validation/quantities.hpp"

namespace lightloom::experiments {

// Quantities of a card's cores alone, `schedule.cores` of them: what they mean stands in the table
// (quantities.cpp). Units are in the names; all throw `Error` for parts that the core does not
// have.

double throughput_TOPS(const Experiment& card, const QuantityOptions& options);
double latency_ns(const Experiment& card, const QuantityOptions& options);
double power_W(const Experiment& card, const QuantityOptions& options);
double efficiency_TOPS_per_W(const Experiment& card, const QuantityOptions& options);
double energy_fJ_per_operation(const Experiment& card, const QuantityOptions& options);
double area_mm2(const Experiment& card, const QuantityOptions& options);
double density_TOPS_per_mm2(const Experiment& card, const QuantityOptions& options);
/// Of the light; throw `Error` for cores without.
double insertion_loss_dB(const Experiment& card, const QuantityOptions& options);
double enob_sine_bits(const Experiment& card, const QuantityOptions& options);
double enob_uniform_bits(const Experiment& card, const QuantityOptions& options);
double enob_converted_bits(const Experiment& card, const QuantityOptions& options);
/// Throws `Error` where no power reaches the bits.
double laser_W_for_enob(const Experiment& card, const QuantityOptions& options);
double weight_error_percent(const Experiment& card, const QuantityOptions& options);
double product_error_percent(const Experiment& card, const QuantityOptions& options);

}  // namespace lightloom::experiments

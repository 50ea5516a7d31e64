#pragma once

#include "experiments/studies/validation/quantities.hpp"

namespace lightloom::experiments {

// Quantities of a network, or of one matrix product, on a card's hardware: what they mean stands in
// the table (quantities.cpp). Units are in the names.

double time_us(const Experiment& card, const QuantityOptions& options);
double energy_uJ(const Experiment& card, const QuantityOptions& options);
double loading_percent(const Experiment& card, const QuantityOptions& options);
/// Throws `Error` for a label that no baseline of the card has.
double speedup(const Experiment& card, const QuantityOptions& options);
double parameters_saved_percent(const Experiment& card, const QuantityOptions& options);
// These read or train the network that the card names, with its data set. They throw `Error` where
// a file is missing, and of chips where the card has none.
double accuracy_percent(const Experiment& card, const QuantityOptions& options);
double digital_accuracy_percent(const Experiment& card, const QuantityOptions& options);
double accuracy_lost_percent(const Experiment& card, const QuantityOptions& options);

}  // namespace lightloom::experiments

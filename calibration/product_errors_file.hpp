#pragma once

#include <string>

#include "core/files/labelled.hpp"
#include "photonic/readout/product_errors.hpp"

namespace lightloom::calibration {

/// As a labelled file: `mixing` (output, product), `offset` (phase, output), `noise_sigma` (output)
/// and `covariance` (output, product), the numbers as attributes.
Labelled labelled_product_errors(const photonic::ProductErrors& errors);
/// And back. Throws `Error` for a file that holds none, or what `check_product_errors` refuses.
photonic::ProductErrors product_errors_of(const Labelled& data, const std::string& path);

/// From then on cards of cores read the files that `measured.file` names. Whoever reads such cards
/// calls it first; as often as it likes.
void read_measured_products();

}  // namespace lightloom::calibration

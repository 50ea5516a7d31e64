#pragma once

#include <string>
#include <string_view>

#include "core/matrix.hpp"

namespace lightloom {

/// Whether a text begins as the files of the NIST Matrix Market do.
bool is_matrix_market(std::string_view text);

/// Reads a matrix in the format of Boisvert, Pozo, Remington, NISTIR 5935 (1996): array and
/// coordinate; real, double, integer, unsigned-integer, complex and pattern; general, symmetric,
/// skew-symmetric and hermitian. Sparse ones become whole, at most 4096 x 4096. Throws `Error`
/// naming `path` and line for a header that is not of the format, entries outside, twice, in the
/// wrong triangle, too few and too many.
ComplexMatrix read_matrix_market(std::string_view text, const std::string& path);

}  // namespace lightloom

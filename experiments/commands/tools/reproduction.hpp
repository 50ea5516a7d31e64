#pragma once

#include <string>

#include "core/files/labelled.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {

/// The card that gives the results of the file `path` again, and the commands that do so: of a
/// sweep's point by its number from 1 or as messages name it ("basis_bits=4, batch=8"), of all of
/// the file for "". The text is a card, the rest in comments. Throws `Error` for files without a
/// card, a point that is not there, and sweeps of programs that did not keep what they were given.
Shown reproduction(const std::string& path, const Labelled& data, const std::string& point);

}  // namespace lightloom::experiments

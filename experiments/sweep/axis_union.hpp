#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/files/labelled.hpp"

namespace lightloom::experiments {

/// A value of an axis as text, different for different values.
std::string value_text(const Values& values, std::size_t index);

/// Gives the axis the values that it lacks, behind its own; arrays over it become not-a-number
/// there. Throws `Error` for values of another kind (numbers and words), or some that are twice in
/// one of the axes.
void add_missing_values(Labelled& table, const Axis& more);

/// Where each value of `values` is in `among`, which holds them all.
std::vector<std::size_t> places_of(const Values& values, const Values& among);

/// Puts the values of an axis into another order: the i-th becomes the one that was at `order[i]`.
void reorder(Labelled& table, const std::string& axis, const std::vector<std::size_t>& order);

}  // namespace lightloom::experiments

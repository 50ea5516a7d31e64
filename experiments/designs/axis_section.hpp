#pragma once

#include <initializer_list>
#include <vector>

#include "core/cards/tree.hpp"
#include "experiments/designs/sweep_axis.hpp"

namespace lightloom::experiments {

/// The axes that a mapping from keys to lists of values, ranges and conditions describes, named,
/// with their conditions. Throws `Error` for an axis that is wrong.
std::vector<SweepAxis> read_axes(const Tree& mapping);

/// Throws `Error` for a key of `mapping` that is not `known`, with the nearest that is; `where` is
/// what the mapping is called.
void require_known_keys(const Tree& mapping, const std::string& where,
                        const std::vector<std::string>& known);

/// The order in which to decide about axes: each behind those that it depends on, else as they
/// stand. Throws `Error` when some depend on one another in a circle.
std::vector<std::size_t> order_of_decisions(const std::vector<SweepAxis>& axes);

}  // namespace lightloom::experiments

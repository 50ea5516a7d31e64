#pragma once

#include <memory>

#include "experiments/ranks/ranks.hpp"

namespace lightloom::experiments {

/// Starts `count` - 1 processes of this program with this process's command line on this machine;
/// this one is number 0. They end with it. Throws `Failure` when they cannot be started.
std::unique_ptr<Ranks> start_children(int count);

/// Whether this process was started by `start_children`.
bool is_child();
/// The processes as such a child sees them: it has a way to number 0 alone.
std::unique_ptr<Ranks> ranks_of_child();

}  // namespace lightloom::experiments

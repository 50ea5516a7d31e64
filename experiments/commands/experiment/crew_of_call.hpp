#pragma once

#include <memory>

#include "core/progress.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/ranks/crew.hpp"

namespace lightloom::experiments {

/// The processes that compute a call's sweep together: mpirun's, or those of --jobs, which share
/// the call's threads; nullptr where this one is alone. Throws `Error` for both at once.
std::unique_ptr<Crew> crew_of_call(const CommandLine& line);

}  // namespace lightloom::experiments

#pragma once

#include <memory>

#include "experiments/ranks/ranks.hpp"

namespace lightloom::experiments {

/// The processes of MPI; made, called and destroyed on one thread, which need not be that of
/// `main`. Compiled into the program alone, where MPI is installed.
std::unique_ptr<Ranks> open_mpi_ranks();

}  // namespace lightloom::experiments

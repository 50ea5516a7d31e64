#pragma once

#include <memory>

#include "experiments/ranks/ranks.hpp"

namespace lightloom::experiments {

/// Whether this process was started as one of several by mpirun, or srun --mpi=pmix.
bool started_by_mpi();

/// Says how the processes of MPI are made, in a program that was built with it.
void offer_mpi(std::unique_ptr<Ranks> (*make)());
/// These processes. Throws `Error` in a program that was built without MPI.
std::unique_ptr<Ranks> mpi_ranks();

}  // namespace lightloom::experiments

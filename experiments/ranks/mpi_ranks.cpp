#include "experiments/ranks/mpi_ranks.hpp"

#include <cstdlib>

#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

std::unique_ptr<Ranks> (*offered)() = nullptr;  // set by main alone

int count_in(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? 0 : std::atoi(value);
}

}  // namespace

bool started_by_mpi() {
  return count_in("OMPI_COMM_WORLD_SIZE") > 1 || count_in("PMI_SIZE") > 1 ||
         (std::getenv("PMIX_RANK") != nullptr && count_in("SLURM_NTASKS") > 1);
}

void offer_mpi(std::unique_ptr<Ranks> (*make)()) { offered = make; }

std::unique_ptr<Ranks> mpi_ranks() {
  require(offered != nullptr,
          "this program was built without MPI and cannot share a sweep among mpirun's processes "
          "(install libopenmpi-dev and build it again, or start it once with --jobs)");
  return offered();
}

}  // namespace lightloom::experiments

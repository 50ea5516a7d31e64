#include "experiments/commands/experiment/crew_of_call.hpp"

#include <omp.h>

#include <algorithm>

#include "core/error.hpp"
#include "experiments/ranks/child_ranks.hpp"
#include "experiments/ranks/mpi_ranks.hpp"

namespace lightloom::experiments {
namespace {

constexpr std::int64_t most_jobs = 4096;

}  // namespace

std::unique_ptr<Crew> crew_of_call(const CommandLine& line) {
  const std::int64_t jobs = line.number("jobs", 1, 1);
  require(jobs <= most_jobs, "--jobs {} are more than {} processes", jobs, most_jobs);
  if (started_by_mpi()) {
    require(jobs == 1, "--jobs is for one process: mpirun has started several (leave it out)");
    return std::make_unique<Crew>(mpi_ranks);
  }
  if (jobs == 1) return nullptr;
  omp_set_num_threads(std::max(1, omp_get_max_threads() / static_cast<int>(jobs)));
  if (is_child()) return std::make_unique<Crew>(ranks_of_child);
  return std::make_unique<Crew>([jobs] { return start_children(static_cast<int>(jobs)); });
}

}  // namespace lightloom::experiments

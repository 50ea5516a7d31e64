#include "core/all_processors.hpp"

#include <omp.h>

#include <cstddef>
#include <vector>

namespace lightloom {

AllProcessors::AllProcessors() {
  if (omp_get_proc_bind() == omp_proc_bind_false) return;
  if (sched_getaffinity(0, sizeof before_, &before_) != 0) return;
  cpu_set_t all = before_;
  for (int place = 0; place < omp_get_num_places(); ++place) {
    std::vector<int> processors(static_cast<std::size_t>(omp_get_place_num_procs(place)));
    omp_get_place_proc_ids(place, processors.data());
    for (const int processor : processors)
      if (processor < CPU_SETSIZE) CPU_SET(static_cast<std::size_t>(processor), &all);
  }
  changed_ = sched_setaffinity(0, sizeof all, &all) == 0;
}

AllProcessors::~AllProcessors() {
  if (changed_) sched_setaffinity(0, sizeof before_, &before_);
}

}  // namespace lightloom

#pragma once

#include <sched.h>

namespace lightloom {

/// While it lives, the calling thread may run on every processor that OpenMP's places have, where
/// OpenMP has bound it to one of them (OMP_PROC_BIND, which clusters set). A program that is
/// started by a bound thread would have that one place for all its threads.
class AllProcessors {
 public:
  AllProcessors();
  ~AllProcessors();
  AllProcessors(const AllProcessors&) = delete;
  AllProcessors& operator=(const AllProcessors&) = delete;

 private:
  bool changed_ = false;
  cpu_set_t before_{};
};

}  // namespace lightloom

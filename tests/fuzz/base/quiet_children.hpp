#pragma once

#include <pthread.h>
#include <sanitizer/common_interface_defs.h>

#include <csignal>

namespace lightloom::fuzz {

/// For fuzzers of what a child of the program reads first (experiments/commands/damaged_input.hpp):
/// what kills the child, which is there for that, is no finding and leaves no file of one.
inline void quiet_children() {
  static const int once = pthread_atfork(nullptr, nullptr, [] {
    __sanitizer_set_death_callback(nullptr);
    for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM})
      std::signal(number, SIG_DFL);
  });
  (void)once;
}

}  // namespace lightloom::fuzz

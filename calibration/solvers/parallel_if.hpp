#pragma once

#include <cstddef>
#include <utility>

#include "core/parallel.hpp"

namespace lightloom::calibration {

/// Whether work is shared out to all threads or too small for it.
enum class Threads { one, all };
inline Threads threads_if(bool large) { return large ? Threads::all : Threads::one; }

/// body(i) for every i in [0, count): in order on this thread, or by `parallel_for_dynamic`.
template <class Body>
void parallel_if(Threads threads, std::size_t count, Body&& body) {
  if (threads == Threads::all)
    return parallel_for_dynamic(static_cast<std::ptrdiff_t>(count),
                                [&](std::ptrdiff_t i) { body(static_cast<std::size_t>(i)); });
  for (std::size_t i = 0; i < count; ++i) body(i);
}

}  // namespace lightloom::calibration

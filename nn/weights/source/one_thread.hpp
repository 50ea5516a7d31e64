#pragma once

#include <Eigen/Core>

namespace lightloom::nn {

/// Eigen's products run on one thread while this lives: how it cuts long sums depends on the number
/// of threads, and what `encode` and `materialise` give must not. Not for use inside a parallel
/// region.
class OneThread {
 public:
  OneThread() { Eigen::setNbThreads(1); }
  ~OneThread() { Eigen::setNbThreads(0); }  // back to OpenMP's number
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
};

}  // namespace lightloom::nn

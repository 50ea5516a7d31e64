#pragma once

#include <vector>

#include "nn/network/network.hpp"
#include "nn/weights/faults/faulty_source.hpp"

namespace lightloom::nn {

/// Puts every source of a network into a faulty memory for as long as it lives; faults are off at
/// first.
class FaultyMemory {
 public:
  FaultyMemory(Network& network, const BitErrorCard& card);
  ~FaultyMemory();
  FaultyMemory(const FaultyMemory&) = delete;
  FaultyMemory& operator=(const FaultyMemory&) = delete;

  void set(Faults faults);

 private:
  Network& network_;
  std::vector<FaultySource*> faulty_;
};

}  // namespace lightloom::nn

#include "nn/network/faulty_memory.hpp"

namespace lightloom::nn {

FaultyMemory::FaultyMemory(Network& network, const BitErrorCard& card) : network_(network) {
  std::uint32_t number = 0;
  for (WeightLayer& layer : network.weight_layers()) {
    auto faulty = std::make_unique<FaultySource>(std::move(layer.source), card, number++);
    faulty_.push_back(faulty.get());
    layer.source = std::move(faulty);
  }
  set(Faults::off);
}

FaultyMemory::~FaultyMemory() {
  for (std::size_t l = 0; l < faulty_.size(); ++l)
    network_.weight_layers()[l].source = faulty_[l]->release();
}

void FaultyMemory::set(Faults faults) {
  for (FaultySource* source : faulty_) source->set_faults(faults);
}

}  // namespace lightloom::nn

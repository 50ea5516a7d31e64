#pragma once

#include <future>
#include <span>

#include "nn/data/batch.hpp"

namespace lightloom::nn {

/// Hands out the images of an epoch batch by batch, in a given order; a thread of its own prepares
/// the next batch while the present one is trained with. The same bits as `fill_batch`. Refers to
/// the set and the order, which must outlive it.
class Prefetch {
 public:
  Prefetch(const ImageSet& set, std::span<const std::uint32_t> order, std::size_t batch,
           const AugmentationDraw& draw);

  /// The next batch, valid until the next call; nullptr after the last.
  const Batch* next();

 private:
  void prepare();

  const ImageSet& set_;
  std::span<const std::uint32_t> left_;  // not yet being prepared
  std::size_t batch_;
  AugmentationDraw draw_;
  Batch now_, coming_;
  std::future<void> ready_;  // last: its destructor waits for the thread, which fills `coming_`
};

}  // namespace lightloom::nn

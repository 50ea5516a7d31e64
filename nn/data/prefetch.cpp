#include "nn/data/prefetch.hpp"

#include <algorithm>
#include <utility>

namespace lightloom::nn {

Prefetch::Prefetch(const ImageSet& set, std::span<const std::uint32_t> order, std::size_t batch,
                   const AugmentationDraw& draw)
    : set_(set), left_(order), batch_(batch), draw_(draw) {
  prepare();
}

void Prefetch::prepare() {
  const auto chosen = left_.first(std::min(batch_, left_.size()));
  left_ = left_.subspan(chosen.size());
  if (chosen.empty()) return;
  ready_ =
      std::async(std::launch::async, [this, chosen] { fill_batch(set_, chosen, coming_, draw_); });
}

const Batch* Prefetch::next() {
  if (!ready_.valid()) return nullptr;
  ready_.get();
  std::swap(now_, coming_);
  prepare();
  return &now_;
}

}  // namespace lightloom::nn

#include "nn/train/teacher.hpp"

#include <algorithm>
#include <numeric>

namespace lightloom::nn {

Teacher::Teacher(Network& network, const ImageSet& set, int views)
    : inference_(network), set_(set), kept_(static_cast<std::size_t>(views)) {}

void Teacher::look_at(const AugmentationDraw& draw, const ProgressSink& sink) {
  if (kept_.empty()) return;
  view_ = static_cast<std::size_t>(draw.epoch);
  if (kept_[view_].empty()) keep_answers(draw, sink);
}

/// In the set's order and always in the same batches, so that the answers do not depend on the
/// epoch that asks first: a training may be taken up in any.
void Teacher::keep_answers(const AugmentationDraw& draw, const ProgressSink& sink) {
  constexpr std::size_t size = 250;
  std::vector<std::uint32_t> order(set_.size());
  std::iota(order.begin(), order.end(), 0u);
  LargeVector<float> all(LargeAllocator<float>(large_block() / kept_.size()));
  Batch batch;
  for (std::size_t first = 0; first < order.size(); first += size) {
    if (sink.cancelled()) return;
    const std::size_t count = std::min(size, order.size() - first);
    fill_batch(set_, std::span(order).subspan(first, count), batch, draw);
    const std::span<const float> logits = inference_.forward(batch.images).values();
    if (all.empty()) all.resize(order.size() * (logits.size() / count));
    std::copy(logits.begin(), logits.end(),
              all.begin() + static_cast<std::ptrdiff_t>(first * (logits.size() / count)));
  }
  kept_[view_] = std::move(all);
}

const Tensor& Teacher::answers(const Batch& batch, std::span<const std::uint32_t> numbers) {
  if (kept_.empty()) return inference_.forward(batch.images);
  const LargeVector<float>& all = kept_[view_];
  const std::size_t classes = all.size() / set_.size();
  of_batch_.resize({static_cast<int>(numbers.size()), 1, 1, static_cast<int>(classes)});
  for (std::size_t i = 0; i < numbers.size(); ++i)
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(numbers[i] * classes), classes,
                of_batch_.data() + i * classes);
  return of_batch_;
}

}  // namespace lightloom::nn

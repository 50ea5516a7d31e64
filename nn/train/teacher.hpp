#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/progress.hpp"
#include "nn/data/batch.hpp"
#include "nn/files/large_vector.hpp"
#include "nn/inference/inference.hpp"

namespace lightloom::nn {

/// What a trained network says of the images that another learns from. With a number of views its
/// answers to each view of the whole set are found once and kept, 4 bytes a class, image and view;
/// without one it is asked about every batch. Refers to the set, which must outlive it.
class Teacher {
 public:
  /// `views` 0: every epoch has new ones.
  Teacher(Network& network, const ImageSet& set, int views);

  /// Before an epoch: its images are changed by `draw`, whose epoch is the view where there are
  /// views.
  void look_at(const AugmentationDraw& draw, const ProgressSink& sink);
  /// The logits (images, 1, 1, classes) for a batch of that epoch, which has the images `numbers`
  /// of the set; valid until the next call.
  const Tensor& answers(const Batch& batch, std::span<const std::uint32_t> numbers);

 private:
  void keep_answers(const AugmentationDraw& draw, const ProgressSink& sink);

  Inference inference_;
  const ImageSet& set_;
  std::vector<LargeVector<float>> kept_;  // by view; empty: not asked yet. All views together take
                                          // an eighth of the memory at most, else lie on the disk
  std::size_t view_ = 0;                  // of the epoch
  Tensor of_batch_;
};

}  // namespace lightloom::nn

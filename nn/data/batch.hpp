#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/cards/card.hpp"
#include "nn/data/image_set.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// Random changes of training images: a shift by up to `crop` pixels (black comes in), a mirror
/// image every other time, a black square of `cutout` pixels.
struct Augmentation {
  int crop = 0;
  bool flip = false;
  int cutout = 0;

  [[nodiscard]] bool any() const { return crop > 0 || flip || cutout > 0; }
};

/// Keys: crop, flip, cutout.
void describe(Section& section, Augmentation& augmentation);

/// Where an augmented image is drawn: its changes are a pure function of (seed, epoch, image).
struct AugmentationDraw {
  Augmentation augmentation;
  std::uint64_t seed = 0;
  std::uint64_t epoch = 0;
};

/// Images that go through a network together.
struct Batch {
  Tensor images;
  std::vector<int> labels;
  std::vector<float> targets = {};  // image by image; empty where classes answer
};

/// Pixels of the images `order` as one batch, with their labels and the numbers that answer for
/// them: those of a regression, or the inputs before they were changed. Of `batch.labels`, nothing
/// is asked then.
void fill_batch(const ImageSet& set, std::span<const std::uint32_t> order, Batch& batch,
                const AugmentationDraw& draw = {});

/// The images first, ..., last - 1 of a set.
struct ImageRange {
  std::size_t first = 0, last = 0;
};

/// Calls body(batch, first) for the images of a range in order, `size` at a time (the last may be
/// fewer) as they are in the set; `first` is the number of the batch's first image. The batch is
/// valid during the call only.
void for_each_batch(const ImageSet& set, const ImageRange& range, std::size_t size,
                    const std::function<void(const Batch& batch, std::size_t first)>& body);

}  // namespace lightloom::nn

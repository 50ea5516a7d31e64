#pragma once

#include <memory>
#include <span>
#include <vector>

#include "nn/data/image_set.hpp"
#include "nn/inference/part_inference.hpp"
#include "nn/slimmable/slimmable_network.hpp"
#include "nn/slimmable/width_gate.hpp"

namespace lightloom::nn {

/// A network of several widths ready to answer: the trunk once, then of every image the rest of the
/// width that it is given, as a product of that width's own size. Refers to the network.
class SlimInference {
 public:
  explicit SlimInference(SlimmableNetwork& slim);

  /// What passes behind the trunk, and its channels' means, of a batch of images; valid until the
  /// next call.
  const Tensor& trunk(const Tensor& images);
  /// The logits of a width from what the trunk gave, of the same or some of its images.
  const Tensor& rest(std::size_t width, const Tensor& behind_trunk);

 private:
  PartInference trunk_;
  std::vector<std::unique_ptr<PartInference>> rests_;
};

/// The images at `places` of a batch.
Tensor chosen_of(const Tensor& batch, std::span<const std::size_t> places);

/// What became of every image of a set, in order.
struct GatedAnswers {
  std::vector<std::size_t> widths;  // that the gate chose
  std::vector<bool> correct;
};

/// Classifies a set by the width that the gate chooses for every image; images of a batch that
/// chose the same go through it together.
GatedAnswers evaluate_gated(SlimmableNetwork& slim, WidthGate& gate, const ImageSet& set,
                            int batch = 250);

/// Whether each width is right, [width][image].
std::vector<std::vector<bool>> evaluate_widths(SlimmableNetwork& slim, const ImageSet& set,
                                               int batch = 250);

}  // namespace lightloom::nn

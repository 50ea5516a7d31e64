#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/progress.hpp"
#include "nn/data/batch.hpp"
#include "nn/freeze/freeze_card.hpp"
#include "nn/freeze/latent_cache.hpp"
#include "nn/graph/graph_cut.hpp"
#include "nn/inference/part_inference.hpp"
#include "nn/network/network.hpp"

namespace lightloom::nn {

/// What a card freezes of a network, and what it keeps.
struct FreezePlan {
  int layers = 0;            // leading layers with weights that are frozen
  GraphCut cut;              // behind them; one node at its frontier
  LatentFormat format;       // of one latent
  std::int64_t latents = 0;  // kept
  [[nodiscard]] std::int64_t bytes() const { return latents * latent_bytes(format); }
};

/// For a training with so many images. Throws `Error` where the network cannot be cut there, or
/// what is kept is more than the card's capacity, or than memory. Call before long work.
FreezePlan plan_freeze(const Network& network, const FreezeCard& card, std::size_t images);

/// The images that a training learns from.
struct FrozenImages {
  const ImageSet& set;
  Augmentation augment;
  std::uint64_t seed = 0;  // of the training: view v is changed as in its epoch v
  std::size_t batch = 64;
};

/// The first part of a network as it was when this was made: like in an evaluation, normalisations
/// use their running statistics, quantisers their ranges, and nothing is dropped. Refers to the
/// network's graph and to the images.
class FrozenPart {
 public:
  /// Computes what is kept, which ends early once the sink is cancelled.
  FrozenPart(Network& network, const FreezeCard& card, const FrozenImages& images,
             const ProgressSink& sink);

  [[nodiscard]] const GraphCut& cut() const { return plan_.cut; }
  [[nodiscard]] const FreezePlan& plan() const { return plan_; }
  /// How images are changed in an epoch, numbered from 0.
  [[nodiscard]] AugmentationDraw draw(int epoch) const;
  /// The number of an epoch's first latent: behind it they are in the order of the images.
  [[nodiscard]] std::size_t first_row(int epoch) const;
  /// The latents of a batch: the kept ones of the numbers `rows`, or those of `images`.
  void values(const Tensor& images, std::span<const std::uint32_t> rows,
              std::vector<Tensor>& latents);
  /// What the bits of the kept latents cost, root mean square over that of the latents.
  [[nodiscard]] double error() const;
  /// Bytes that are kept.
  [[nodiscard]] std::int64_t bytes() const { return cache_ ? cache_->bytes() : 0; }

 private:
  const Tensor& computed(const Tensor& images);
  void keep(const Tensor& latents, std::size_t first);
  void keep_all(const ProgressSink& sink);

  FreezeCard card_;
  FrozenImages images_;
  FreezePlan plan_;
  std::unique_ptr<PartInference> inference_;  // null once everything is kept
  std::optional<LatentCache> cache_;
  double squared_ = 0, squared_error_ = 0;
};

}  // namespace lightloom::nn

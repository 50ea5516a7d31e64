#pragma once

#include <memory>
#include <span>
#include <vector>

#include "nn/reversible/reversible_block.hpp"

namespace lightloom::nn {

/// What a branch has of its blocks when their backward pass comes: nothing but the last pair, from
/// which inputs are recomputed block by block, or what each kept. Gradients are the same, to the
/// bit.
enum class BranchKeeps { last_pair, everything };

/// A reversible branch (BranchShape) with its parameters. Maps of the frozen network come from
/// outside, pooled.
class BranchNetwork {
 public:
  BranchNetwork(const BranchShape& shape, int fraction_bits, std::uint64_t seed);

  /// The logits of a batch whose taps are (images, size, size, channels), valid until the next
  /// call. `keeps`: what a backward pass would find.
  const Tensor& forward(std::span<const Tensor> taps, BranchKeeps keeps);
  /// Adds the gradients of a loss whose gradient in the logits is `d_logits`, once behind each
  /// forward of the same taps.
  void backward(std::span<const Tensor> taps, const Tensor& d_logits);

  /// How many numbers of both halves of the branch's first pair do not come back when the last pair
  /// of these taps is inverted, block by block.
  std::int64_t lost_numbers(std::span<const Tensor> taps);

  /// Bytes of activations that wait for the backward pass of the latest forward, beside what a
  /// block at work needs.
  [[nodiscard]] std::int64_t kept_bytes() const;
  [[nodiscard]] std::vector<Parameter*> parameters();
  [[nodiscard]] const BranchShape& shape() const { return shape_; }

 private:
  [[nodiscard]] const Tensor& tap(std::span<const Tensor> taps, int block) const;
  void begin(std::span<const Tensor> taps);
  void finish();

  /// What products and blocks share while one of them is at work.
  struct Shared {
    ProductWorkspace products;
    BlockScratch blocks;
  };

  BranchShape shape_;
  int bits_;
  std::unique_ptr<Shared> shared_;
  std::vector<TrainedProduct> stem_;  // of each half
  std::vector<ReversibleBlock> blocks_;
  std::vector<TrainedProduct> head_;  // one
  std::vector<KeptBlock> kept_;       // by block, or empty
  FixedPair pair_;
  Tensor start_, means_, logits_, d_means_;
  PairGradient gradient_;
};

}  // namespace lightloom::nn

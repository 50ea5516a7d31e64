#pragma once

#include "nn/reversible/fixed_map.hpp"
#include "nn/reversible/residual_function.hpp"

namespace lightloom::nn {

/// Both halves of a branch's map.
struct FixedPair {
  FixedMap first, second;
};

/// Gradients of both halves.
struct PairGradient {
  Tensor first, second;
};

/// What a block that is not recomputed keeps for its backward pass.
struct KeptBlock {
  Tensor x2, f_hidden, y1, g_hidden;
  [[nodiscard]] std::int64_t bytes() const;
};

/// What blocks need while one of them is at work, and share.
struct BlockScratch {
  KeptBlock maps;
  Tensor change;
  GradientScratch gradients;
};

/// How the blocks of a branch are held.
struct BlockSetting {
  int fraction_bits = 12;
  BlockScratch& scratch;  // outlives the block
};

/// A reversible block on integers (after Gomez et al., NeurIPS 2017, arXiv:1707.04585):
///     y1 = x1 + round(F(x2; p)),   y2 = x2 + round(G(y1)),
///     x2 = y2 - round(G(y1)),      x1 = y1 - round(F(x2; p)),
/// so that its inputs follow from its outputs to the last bit. Gradients go straight through the
/// rounding.
class ReversibleBlock {
 public:
  ReversibleBlock(const BranchShape& shape, int block, const BlockSetting& setting,
                  BranchDraw& draw);

  /// Turns inputs into outputs; keeps what a backward pass without recomputing needs, if asked.
  void forward(const Tensor& tap, FixedPair& pair, KeptBlock* kept = nullptr);
  /// Turns outputs into inputs.
  void inverse(const Tensor& tap, FixedPair& pair);
  /// Turns outputs into inputs and the outputs' gradients into the inputs', adding to those of the
  /// parameters.
  void backward(const Tensor& tap, FixedPair& pair, PairGradient& gradient);
  /// The same gradients from what was kept.
  void backward(const Tensor& tap, const KeptBlock& kept, PairGradient& gradient);

  [[nodiscard]] std::vector<Parameter*> parameters();

 private:
  ResidualFunction f_, g_;
  int bits_;
  BlockScratch* scratch_;
};

}  // namespace lightloom::nn

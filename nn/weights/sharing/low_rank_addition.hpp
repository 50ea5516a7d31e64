#pragma once

#include <span>
#include <vector>

#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// The matrix that an addition is added to, its rank, and the bits of its factors.
struct AdditionSizes {
  int out = 0, inputs = 0;
  int rank = 0;  // at most min(out, inputs)
  int bits = 8;
};

/// What a layer adds to a weight that it shares: left right, of integers with a step for each
/// factor, trained straight through their rounding.
class LowRankAddition {
 public:
  explicit LowRankAddition(const AdditionSizes& sizes);

  /// The nearest of its rank to the matrix, the magnitude of each component halved between the
  /// factors, before rounding.
  void fit(std::span<const float> matrix);
  /// Levels and steps of the latent factors.
  void round();
  /// matrix += left right, of the latest `round` or `take`.
  void add_to(std::span<float> matrix) const;
  /// Adds to the latents' gradients what the gradient of the sum gives.
  void backward(std::span<const float> d_matrix);

  std::vector<Parameter*> parameters() { return {&left_.latent, &right_.latent}; }
  [[nodiscard]] std::vector<StoredStream> streams() const;
  /// Of the latest `round`; and the way back.
  [[nodiscard]] std::vector<CodedStream> codes() const;
  void take(std::span<const CodedStream> streams);

 private:
  struct Factor {
    Parameter latent;
    std::vector<float> levels;
    float step = 0;
  };
  Factor make_factor(const char* name, int size) const;

  AdditionSizes sizes_;
  Factor left_, right_;  // [out, rank], [rank, inputs]
};

}  // namespace lightloom::nn

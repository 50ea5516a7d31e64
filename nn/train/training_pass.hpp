#pragma once

#include <memory>
#include <span>
#include <vector>

#include "nn/data/batch.hpp"
#include "nn/graph/matrix_engine.hpp"
#include "nn/network/network.hpp"
#include "nn/ops/precision.hpp"
#include "nn/ops/tensor.hpp"
#include "nn/train/given_part.hpp"

namespace lightloom::nn {

struct Flow;
class Step;

/// Forward and backward through a network in training mode: batch statistics, dropout, sources
/// materialised each time, gradients added to the network's parameters. Refers to the network,
/// which must outlive it.
class TrainingPass {
 public:
  /// `seed` is for dropout and the noise of weights. With a given part the pass goes through the
  /// rest of the network alone; it must outlive the pass. The processor must have the precision of
  /// the products.
  TrainingPass(Network& network, std::uint64_t seed, const GivenPart* given = nullptr,
               const ProductPlan& products = {});
  ~TrainingPass();

  /// Where one forward happens, for random numbers.
  struct Place {
    std::uint64_t step = 0;          // counts training steps
    std::uint64_t first_image = 0;   // number of the batch's first image
    MatrixEngine* engine = nullptr;  // multiplies instead of oneDNN; gradients go straight through
    double weight_noise = 0;         // see TrainCard
    std::span<const std::uint32_t> numbers =
        {};  // with a given part: those of the batch's images in it
  };

  /// The logits (images, 1, 1, classes), valid until the next call.
  const Tensor& forward(const Tensor& images, const Place& place);
  /// Adds the gradients of a loss whose gradient in the logits is `d_logits`. Once after each
  /// forward.
  void backward(const Tensor& d_logits);

  /// Sets the running statistics of every normalisation to the mean over the batches of the first
  /// `images` images of `set`, each batch with its own statistics as in training; those of a given
  /// part stay, and image i has the number i in it. Needed where
  /// weights changed more quickly than the running averages follow, or were averaged themselves
  /// (Izmailov et al. 2018, section 3.2). Images should be changed as in training: the black that a
  /// crop brings in is part of what the network expects.
  void estimate_statistics(const ImageSet& set, int images, std::size_t batch,
                           const AugmentationDraw& draw = {});

  /// Bytes held for activations and gradients.
  [[nodiscard]] std::int64_t bytes() const;

 private:
  struct Planned {
    std::unique_ptr<Step> step;
    int output = 0;
    std::vector<int> inputs;
    std::vector<int> done;  // values that nobody reads any more after this step's forward
  };
  void plan_releases();
  void give(const Tensor& images, const Place& place);
  [[nodiscard]] std::vector<NormLayer*> norms() const;

  Network* network_;
  const GivenPart* given_;
  std::vector<Tensor> values_;  // of its frontier
  std::unique_ptr<Flow> flow_;
  std::vector<Planned> steps_;
};

}  // namespace lightloom::nn

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nn/graph/graph.hpp"
#include "nn/ops/quantise.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {

/// A convolution or linear layer: where its weight comes from, its bias, the quantiser of its
/// input.
struct WeightLayer {
  LayerShape shape;
  std::unique_ptr<WeightSource> source;
  Parameter bias;           // empty without bias
  int activation_bits = 0;  // of the quantiser on the layer's input; 0: off
  ActivationRange range;
};

/// A normalisation: y = (x - mean) / sqrt(variance + epsilon) * scale + shift. A scale per channel
/// has the mean 0 and the variance 1; a constant has a shift alone, all its numbers channels last.
struct NormLayer {
  std::string name;
  Parameter scale, shift;
  std::vector<float> mean, variance;  // running; unused (0 and 1) where not running
  bool running = true;                // a batch normalisation
  double momentum = 0.1;              // share of a new batch in the running statistics
  double epsilon = 1e-5;
};

/// What a new network's sources hold.
enum class InitialWeights {
  drawn,  // random weights, encoded
  none,   // nothing yet: somebody copies or loads weights next
};

/// A network's parameters on its graph. It computes nothing: `Inference` and `TrainingPass` do.
class Network {
 public:
  /// Draws initial weights (normal, std sqrt(2 / fan-out) for convolutions, sqrt(2 / inputs) for
  /// linear layers) from `seed` and encodes them into the sources that `card` asks for.
  Network(Graph graph, const SourceCard& card, std::uint64_t seed,
          InitialWeights initial = InitialWeights::drawn);

  [[nodiscard]] const Graph& graph() const { return graph_; }
  [[nodiscard]] NetworkShape shape() const { return network_shape(graph_); }
  [[nodiscard]] const SourceCard& source_card() const { return card_; }
  [[nodiscard]] std::span<WeightLayer> weight_layers() { return weights_; }
  [[nodiscard]] std::span<const WeightLayer> weight_layers() const { return weights_; }
  [[nodiscard]] std::span<NormLayer> norms() { return norms_; }
  [[nodiscard]] std::span<const NormLayer> norms() const { return norms_; }
  /// The number of the weight layer or normalisation at a graph node.
  [[nodiscard]] int index_of(int node) const { return index_[static_cast<std::size_t>(node)]; }

  /// Gives a weight layer that has none a bias of zeros, as files of weights may want.
  void give_bias(std::size_t layer);
  /// Everything an optimiser trains, in a fixed order.
  [[nodiscard]] std::vector<Parameter*> parameters();

 private:
  Graph graph_;
  SourceCard card_;
  std::vector<WeightLayer> weights_;
  std::vector<NormLayer> norms_;
  std::vector<int> index_;
};

/// Fits the student's sources to the teacher's weights and copies biases, normalisations and
/// activation ranges. Both must have the same graph, but for biases that the student gets. Where
/// the card of a student's layer asks for `projection.equalise` and only a batch normalisation
/// reads the layer, every kernel is scaled to the same norm first and the normalisation takes the
/// inverse: the same function of the input, but every output channel gets its share of a fit that
/// minimises the sum of squared errors.
void copy_weights(Network& teacher, Network& student);

/// The weight of a layer as its source regenerates it.
std::vector<float> dense_weight(WeightLayer& layer);

}  // namespace lightloom::nn

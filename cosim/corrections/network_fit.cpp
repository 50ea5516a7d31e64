#include "cosim/corrections/network_fit.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "cosim/corrections/layer_vectors.hpp"
#include "nn/inference/inference.hpp"
#include "nn/weights/source/one_thread.hpp"

namespace lightloom::cosim {
namespace {

/// Says what the outputs of a layer are corrected by, from what was measured of it.
using CorrectLayer = std::function<LayerCorrector(int layer, const LayerVectors& vectors)>;

/// A chip whose layers are measured, given a corrector and corrected one after the other while
/// images pass through.
class FittingEngine final : public nn::MatrixEngine {
 public:
  FittingEngine(FrozenChip& chip, const FitImages& images, CorrectLayer fit)
      : chip_(chip), images_(images), fit_(std::move(fit)) {}

  void load(int number, const nn::LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override {
    chip_.load(number, shape, weights, write);
    const auto k = static_cast<std::size_t>(number);
    if (layers_.size() <= k) layers_.resize(k + 1);
    layers_[k] = {shape, {weights.begin(), weights.end()}};
  }

  void multiply(int number, const nn::InputMaps& inputs, std::span<float> outputs) override {
    const int some = std::min(inputs.images, images_.calibration);
    const auto share = [&](std::size_t all) {
      return all / static_cast<std::size_t>(inputs.images) * static_cast<std::size_t>(some);
    };
    chip_.chip().begin_calibration();
    chip_.multiply(number, {inputs.values.first(share(inputs.values.size())), some, 0},
                   outputs.first(share(outputs.size())));
    chip_.chip().end_calibration();
    chip_.multiply(number, inputs, outputs);
    const auto& [shape, weights] = layers_[static_cast<std::size_t>(number)];
    const CorrectedLayer layer{shape, chip_.passes(number)};
    const nn::OneThread alone;  // the same bits on any number of threads
    const LayerVectors vectors = take_vectors({layer, weights, inputs, outputs}, images_);
    const LayerCorrector corrector = fit_(number, vectors);
    correct(corrector, layer, inputs, outputs);
  }

  bool multiply_maps(const nn::MapProduct& product) override {
    chip_.chip().begin_calibration();
    const bool taken = chip_.multiply_maps(product);
    chip_.chip().end_calibration();
    return taken && chip_.multiply_maps(product);
  }

 private:
  struct Loaded {
    nn::LayerShape shape;
    std::vector<float> weights;
  };
  FrozenChip& chip_;
  const FitImages& images_;
  CorrectLayer fit_;
  std::vector<Loaded> layers_;
};

NetworkFit empty_fit(std::string name, std::size_t layers) {
  return {.corrector = {.name = std::move(name), .layers = std::vector<LayerCorrector>(layers)},
          .errors = std::vector<HeldOutError>(layers),
          .frozen = std::vector<double>(layers)};
}

NetworkFit fit_shared(FrozenChip& chip, nn::Network& network, const FitImages& images) {
  constexpr double ridge = 1e-6;
  int widest = 0;
  for (const nn::WeightLayer& layer : network.weight_layers())
    widest = std::max(widest, layer.shape.out_channels);
  const std::size_t layers = network.weight_layers().size();
  NetworkFit fit = empty_fit("shared", layers);
  fit.corrector.shared = true;
  Eigen::MatrixXd mixing = Eigen::MatrixXd::Identity(widest, widest);
  for (int round = 0; round <= shared_rounds; ++round) {  // the last one only measures
    SharedEquations equations(widest);
    FittingEngine engine(chip, images, [&](int number, const LayerVectors& vectors) {
      const auto k = static_cast<std::size_t>(number);
      LayerCorrector part = shared_part(mixing, static_cast<int>(vectors.measured.cols()));
      if (round < shared_rounds) {
        equations.add(vectors);
      } else {
        fit.errors[k] = held_out_error(part, vectors);
        fit.frozen[k] = frozen_share(vectors);
        fit.corrector.layers[k] = part;
      }
      return part;
    });
    nn::Inference(network, &engine).forward(images.images, images.first_number);
    const nn::OneThread alone;
    if (round < shared_rounds) mixing = equations.solve(ridge);
  }
  return fit;
}

}  // namespace

NetworkFit fit_network(FrozenChip& chip, nn::Network& network, const FitImages& images,
                       const CorrectorChoice& choice) {
  if (choice.kind == CorrectorKind::shared) return fit_shared(chip, network, images);
  NetworkFit fit = empty_fit(name_of(choice), network.weight_layers().size());
  FittingEngine engine(chip, images, [&](int number, const LayerVectors& vectors) {
    const auto k = static_cast<std::size_t>(number);
    LayerFit one = fit_corrector(choice, vectors);
    fit.errors[k] = one.error;
    fit.frozen[k] = frozen_share(vectors);
    fit.corrector.layers[k] = one.corrector;
    return one.corrector;
  });
  nn::Inference(network, &engine).forward(images.images, images.first_number);
  return fit;
}

}  // namespace lightloom::cosim

#include "cosim/corrections/joint_tuning.hpp"

#include <algorithm>
#include <numeric>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "cosim/corrections/corrector_gradient.hpp"
#include "nn/data/batch.hpp"
#include "nn/graph/gradient_reader.hpp"
#include "nn/inference/inference.hpp"
#include "nn/ops/loss.hpp"
#include "nn/optim/optimizer.hpp"
#include "nn/train/frozen_copy.hpp"
#include "nn/train/training_pass.hpp"

namespace lightloom::cosim {
namespace {

/// A corrected chip that gathers the gradients of its corrector.
class LearningEngine final : public nn::MatrixEngine, public nn::GradientReader {
 public:
  LearningEngine(FrozenChip& chip, const NetworkCorrector& corrector)
      : chip_(chip), corrector_(corrector), gradients_(corrector), seen_(corrector.layers.size()) {
    clear();
  }

  void load(int layer, const nn::LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override {
    chip_.load(layer, shape, weights, write);
    seen_[static_cast<std::size_t>(layer)].shape = shape;
  }
  void multiply(int layer, const nn::InputMaps& inputs, std::span<float> outputs) override {
    const auto k = static_cast<std::size_t>(layer);
    chip_.multiply(layer, inputs, outputs);
    seen_[k].inputs = inputs;
    seen_[k].measured.assign(outputs.begin(), outputs.end());
    correct(corrector_.layers[k], {seen_[k].shape, chip_.passes(layer)}, inputs, outputs);
  }
  bool multiply_maps(const nn::MapProduct& product) override {
    return chip_.multiply_maps(product);
  }
  void take_gradient(int layer, std::span<const float> d_outputs) override {
    const auto k = static_cast<std::size_t>(layer);
    add_gradient(corrector_.layers[k],
                 {.layer = {seen_[k].shape, chip_.passes(layer)},
                  .inputs = seen_[k].inputs,
                  .measured = seen_[k].measured,
                  .d_outputs = d_outputs},
                 gradients_.layers[k]);
  }

  [[nodiscard]] const NetworkCorrector& gradients() const { return gradients_; }
  void clear() {
    for (LayerCorrector& layer : gradients_.layers) layer = zeros_like(layer);
  }

 private:
  struct Seen {
    nn::LayerShape shape;
    nn::InputMaps inputs;
    std::vector<float> measured;
  };
  FrozenChip& chip_;
  const NetworkCorrector& corrector_;
  NetworkCorrector gradients_;
  std::vector<Seen> seen_;
};

/// Mean loss of a corrected chip on images, as a student of the exact network.
double judge(FrozenChip& chip, nn::Network& network, const TuningImages& images,
             const NetworkCorrector& corrector) {
  CorrectingEngine engine(chip, corrector);
  nn::Inference corrected(network, &engine), exact(network);
  nn::Tensor unused;
  double sum = 0;
  nn::for_each_batch(
      images.judge, {0, images.judge.size()}, 250, [&](const nn::Batch& batch, std::size_t first) {
        const nn::Tensor& logits = corrected.forward(batch.images, images.first_judge + first);
        unused.resize(logits.shape());
        sum += nn::distillation(logits, {exact.forward(batch.images), batch.labels}, {}, unused) *
               static_cast<double>(batch.labels.size());
      });
  return sum / static_cast<double>(std::max<std::size_t>(1, images.judge.size()));
}

/// One training. Refers to all it is given.
class Tuner {
 public:
  Tuner(FrozenChip& chip, nn::Network& network, const TuningImages& images,
        const TuningSetting& setting)
      : images_(images),
        card_(setting.card),
        sink_(setting.sink),
        corrector_(setting.start),
        engine_(chip, corrector_),
        frozen_(nn::frozen_copy(network)),
        ranges_(ranges_of(frozen_)),
        pass_(frozen_, images.seed),
        exact_(network),
        parameters_(parameters_of(corrector_)),
        optimizer_({.kind = nn::OptimizerKind::adam}, pointers(parameters_)) {}

  NetworkCorrector train() {
    const std::size_t images =
                          std::min(images_.train.size(), static_cast<std::size_t>(card_.images)),
                      batch = std::min(images, static_cast<std::size_t>(card_.batch));
    const std::size_t steps = images / batch * static_cast<std::size_t>(card_.epochs);
    Progress progress(sink_, "tune on the chip", static_cast<std::int64_t>(steps), "steps");
    std::vector<std::uint32_t> order(images);
    for (std::size_t step = 0; step < steps; ++step) {
      if (sink_.cancelled()) throw Failure("interrupted while correctors were tuned");
      const std::size_t at = step * batch % (images / batch * batch);
      if (at == 0) fill_permutation(Stream({images_.seed, Purpose::shuffle}), step, order);
      const double rate = card_.rate * (1 - static_cast<double>(step) / static_cast<double>(steps));
      one_step(std::span(order).subspan(at, batch), step * batch, rate);
      progress.advance(1);
    }
    return corrector_;
  }

 private:
  static std::vector<nn::Parameter*> pointers(std::vector<nn::Parameter>& parameters) {
    std::vector<nn::Parameter*> all;
    for (nn::Parameter& parameter : parameters) all.push_back(&parameter);
    return all;
  }

  void one_step(std::span<const std::uint32_t> order, std::size_t first, double rate) {
    nn::fill_batch(images_.train, order, batch_);
    keep_ranges();
    const nn::Tensor& logits = pass_.forward(
        batch_.images, {.first_image = images_.first_train + first, .engine = &engine_});
    d_logits_.resize(logits.shape());
    nn::distillation(logits, {exact_.forward(batch_.images), batch_.labels}, {}, d_logits_);
    engine_.clear();
    pass_.backward(d_logits_);
    give_gradients(engine_.gradients(), parameters_);
    optimizer_.step(rate);
    set_parameters(parameters_, corrector_);
  }

  /// A training pass has ranges of activations follow their inputs; here they stay.
  void keep_ranges() {
    for (std::size_t l = 0; l < ranges_.size(); ++l) frozen_.weight_layers()[l].range = ranges_[l];
  }
  static std::vector<nn::ActivationRange> ranges_of(const nn::Network& network) {
    std::vector<nn::ActivationRange> ranges;
    for (const nn::WeightLayer& layer : network.weight_layers()) ranges.push_back(layer.range);
    return ranges;
  }

  const TuningImages& images_;
  const TuningCard& card_;
  ProgressSink& sink_;
  NetworkCorrector corrector_;
  LearningEngine engine_;
  nn::Network frozen_;
  std::vector<nn::ActivationRange> ranges_;
  nn::TrainingPass pass_;
  nn::Inference exact_;
  std::vector<nn::Parameter> parameters_;
  nn::Optimizer optimizer_;
  nn::Batch batch_;
  nn::Tensor d_logits_;
};

}  // namespace

void describe(Section& section, TuningCard& card) {
  section.value("epochs", card.epochs, {.low = 0, .high = 1000});
  section.value("images", card.images, {.low = 1, .high = 1 << 30});
  section.value("batch", card.batch, {.low = 1, .high = 65536});
  section.value("rate", card.rate, positive);
}

Tuning tune(FrozenChip& chip, nn::Network& network, const TuningImages& images,
            const TuningSetting& setting) {
  Tuning tuning{.corrector = setting.start};
  tuning.loss_before = tuning.loss_after = judge(chip, network, images, setting.start);
  if (setting.card.epochs == 0) return tuning;
  NetworkCorrector trained = Tuner(chip, network, images, setting).train();
  const double loss = judge(chip, network, images, trained);
  tuning.kept = loss < tuning.loss_before;
  if (!tuning.kept) return tuning;
  tuning.loss_after = loss;
  tuning.corrector = std::move(trained);
  return tuning;
}

}  // namespace lightloom::cosim

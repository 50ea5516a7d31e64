#include "nn/train.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "core/error.hpp"
#include "core/progress.hpp"
#include "core/random.hpp"
#include "nn/checkpoint.hpp"
#include "nn/evaluate.hpp"
#include "nn/training_pass.hpp"
#include "nn/weights/faulty_source.hpp"

namespace lightloom::nn {
namespace {

/// Averaged weights (EMA), changed places with the trained ones for validation.
class Average {
 public:
  Average(double decay, std::span<Parameter* const> parameters)
      : decay_(static_cast<float>(decay)), parameters_(parameters.begin(), parameters.end()) {
    if (decay > 0) {
      for (const Parameter* parameter : parameters) values_.push_back(parameter->value);
    }
  }

  void take() {
    for (std::size_t p = 0; p < values_.size(); ++p) {
      const std::vector<float>& now = parameters_[p]->value;
      for (std::size_t i = 0; i < now.size(); ++i) {
        values_[p][i] += (1 - decay_) * (now[i] - values_[p][i]);
      }
    }
  }
  void change_places() {
    for (std::size_t p = 0; p < values_.size(); ++p) parameters_[p]->value.swap(values_[p]);
  }
  [[nodiscard]] std::vector<std::vector<float>>& values() { return values_; }

 private:
  float decay_;
  std::vector<Parameter*> parameters_;
  std::vector<std::vector<float>> values_;
};

/// Puts every source of a network into a faulty memory for as long as it lives; faults are off at
/// first.
class FaultyMemory {
 public:
  FaultyMemory(Network& network, const BitErrorCard& card) : network_(network) {
    std::uint32_t number = 0;
    for (WeightLayer& layer : network.weight_layers()) {
      auto faulty = std::make_unique<FaultySource>(std::move(layer.source), card, number++);
      faulty_.push_back(faulty.get());
      layer.source = std::move(faulty);
    }
    set(Faults::off);
  }
  ~FaultyMemory() {
    for (std::size_t l = 0; l < faulty_.size(); ++l)
      network_.weight_layers()[l].source = faulty_[l]->release();
  }
  FaultyMemory(const FaultyMemory&) = delete;
  FaultyMemory& operator=(const FaultyMemory&) = delete;

  void set(Faults faults) {
    for (FaultySource* source : faulty_) source->set_faults(faults);
  }

 private:
  Network& network_;
  std::vector<FaultySource*> faulty_;
};

/// Everything one training needs from step to step.
class Trainer {
 public:
  Trainer(Network& network, const Dataset& data, const TrainCard& card, std::uint64_t seed,
          const TrainHelpers& helpers)
      : network_(network),
        data_(data),
        card_(card),
        seed_(seed),
        engine_(card.noise_aware ? helpers.engine : nullptr),
        parameters_(network.parameters()),
        optimizer_(card.optimizer, parameters_),
        average_(card.average, parameters_),
        pass_(network, seed),
        order_(data.train.size()),
        changes_(network.weight_layers().size()) {
    if (card.distill) teacher_.emplace(*helpers.teacher);
    if (has_errors(card.bit_errors)) memory_.emplace(network, card.bit_errors);
  }

  EpochRecord epoch(int number, Progress& progress) {
    fill_permutation(Stream({seed_, Purpose::shuffle}), static_cast<std::uint64_t>(number), order_);
    EpochRecord record{.rate = rate()};
    std::int64_t correct = 0;
    for (std::size_t first = 0; first < order_.size() && !interrupted(); first += batch()) {
      const std::size_t count = std::min(batch(), order_.size() - first);
      const auto chosen = std::span(order_).subspan(first, count);
      record.loss += one_step(chosen, number, correct) * static_cast<double>(count);
      progress.advance(static_cast<std::int64_t>(count));
    }
    record.loss /= static_cast<double>(order_.size());
    record.train_accuracy = static_cast<double>(correct) / static_cast<double>(order_.size());
    return record;
  }

  /// Validation accuracy of what would be kept, and those weights if they are better than `best`.
  double validate(double best, Weights& better) {
    average_.change_places();
    if (card_.recalibrate > 0)  // changes that no epoch of the training draws
      pass_.estimate_statistics(data_.train, card_.recalibrate, batch(),
                                {card_.augment, seed_, static_cast<std::uint64_t>(card_.epochs)});
    double accuracy = 0;
    if (data_.validation.size() > 0) {
      Inference inference(network_, engine_);
      accuracy = evaluate(inference, data_.validation).accuracy();
    }
    if (data_.validation.size() == 0 || accuracy > best) better = weights_of(network_);
    average_.change_places();
    return accuracy;
  }

  void save(Checkpoint& state) {
    state.step = step_;
    state.now = weights_of(network_);
    state.optimizer = optimizer_.state();
    state.average = average_.values();
  }
  [[nodiscard]] std::vector<double> own_changes() const {
    std::vector<double> mean;
    for (const std::int64_t count : changes_)
      mean.push_back(static_cast<double>(count) /
                     static_cast<double>(std::max<std::int64_t>(1, own_steps_)));
    return mean;
  }
  void restore(const Checkpoint& state) {
    step_ = state.step;
    set_weights(network_, state.now);
    optimizer_.restore(state.optimizer);
    require(state.average.size() == average_.values().size(),
            "the checkpoint was written with another train.average");
    average_.values() = state.average;
  }

 private:
  [[nodiscard]] std::size_t batch() const { return static_cast<std::size_t>(card_.batch); }
  [[nodiscard]] double rate() const {
    const std::size_t steps = (order_.size() + batch() - 1) / batch();
    return rate_at(card_.schedule, {step_, static_cast<std::int64_t>(steps), card_.epochs});
  }

  double one_step(std::span<const std::uint32_t> chosen, int epoch, std::int64_t& correct) {
    fill_batch(data_.train, chosen, images_, labels_,
               {card_.augment, seed_, static_cast<std::uint64_t>(epoch)});
    const auto count = static_cast<std::uint64_t>(step_);
    enter_step(count, epoch);
    if (card_.clip > 0 && count == 0) clip();
    const TrainingPass::Place place{
        .step = count, .first_image = count * batch(), .engine = engine_};
    const double loss = forward_and_back(place, correct);
    if (memory_) learn_from_errors(place, loss);
    const double regulariser = leave_step();
    optimizer_.step(rate());
    own_steps();
    if (card_.clip > 0) clip();
    average_.take();
    ++step_;
    return loss + regulariser;
  }

  /// Adds the gradients of the batch in hand; returns its loss and counts the correct answers.
  double forward_and_back(const TrainingPass::Place& place, std::int64_t& correct) {
    const Tensor& logits = pass_.forward(images_, place);
    const std::vector<int> guesses = predictions(logits);
    for (std::size_t i = 0; i < labels_.size(); ++i) correct += guesses[i] == labels_[i] ? 1 : 0;
    const double loss = teacher_ ? distillation(logits, teacher_->forward(images_), labels_,
                                                card_.distillation, d_logits_)
                                 : cross_entropy(logits, labels_, d_logits_, card_.label_smoothing);
    pass_.backward(d_logits_);
    return loss;
  }

  /// RandBET (Stutz et al., MLSys 2021, algorithm 1): the mean of the gradients at the weights as
  /// they are, which is there already and gave the loss `clean`, and at those a faulty memory
  /// gives.
  void learn_from_errors(const TrainingPass::Place& place, double clean) {
    constexpr double slack = 1.15;  // of the authors' curriculum
    if (card_.curriculum > 0 && clean >= slack * card_.curriculum) return;
    std::vector<std::vector<float>> before;
    if (card_.curriculum > 0)
      for (const Parameter* parameter : parameters_) before.push_back(parameter->gradient);
    std::int64_t unused = 0;
    memory_->set(Faults::on);
    const double faulty = forward_and_back(place, unused);
    memory_->set(Faults::off);
    if (card_.curriculum > 0 && 0.5 * (clean + faulty) > card_.curriculum) {
      for (std::size_t p = 0; p < before.size(); ++p) parameters_[p]->gradient.swap(before[p]);
      return;
    }
    for (Parameter* parameter : parameters_)
      for (float& gradient : parameter->gradient) gradient *= 0.5f;
  }

  /// Before the first step and after every one, so that what is kept is clipped too.
  void clip() {
    const auto most = static_cast<float>(card_.clip);
    for (Parameter* parameter : parameters_)
      for (float& value : parameter->value)
        value = std::clamp(value, parameter->centre - most, parameter->centre + most);
  }

  /// Tells every source which step it is in: some add noise in training only.
  void enter_step(std::uint64_t step, int epoch) {
    std::uint32_t number = 0;
    for (WeightLayer& layer : network_.weight_layers())
      layer.source->set_step(
          TrainingStep{.seed = seed_, .layer = number++, .step = step, .epoch = epoch});
  }
  void own_steps() {
    std::size_t number = 0;
    for (WeightLayer& layer : network_.weight_layers())
      changes_[number++] += layer.source->own_step(rate());
    ++own_steps_;
  }
  /// Adds the gradients of the sources' own regularisers, returns their value, and puts the sources
  /// back to evaluation.
  double leave_step() {
    double value = 0;
    for (WeightLayer& layer : network_.weight_layers()) {
      value += layer.source->regularise();
      layer.source->set_step(std::nullopt);
    }
    return value;
  }

  Network& network_;
  const Dataset& data_;
  const TrainCard& card_;
  std::uint64_t seed_;
  MatrixEngine* engine_;
  std::vector<Parameter*> parameters_;
  Optimizer optimizer_;
  Average average_;
  TrainingPass pass_;
  std::optional<Inference> teacher_;
  std::optional<FaultyMemory> memory_;
  std::vector<std::uint32_t> order_;
  std::vector<std::int64_t> changes_;  // by the sources' own rules, per layer
  std::int64_t step_ = 0, own_steps_ = 0;
  Tensor images_, d_logits_;
  std::vector<int> labels_;
};

void check(const Dataset& data, const TrainCard& card, const TrainHelpers& helpers) {
  require(data.train.size() > 0, "there is no image to train with");
  require(!card.distill || helpers.teacher != nullptr,
          "train.distill needs a trained teacher network");
  require(!card.noise_aware || helpers.engine != nullptr,
          "train.noise_aware needs a tensor core to multiply through");
}

double best_of(const TrainResult& result) {
  return result.best_epoch < 0
             ? -1.0
             : result.epochs[static_cast<std::size_t>(result.best_epoch)].validation_accuracy;
}

bool out_of_patience(const TrainResult& result, int patience) {
  return patience > 0 && static_cast<int>(result.epochs.size()) > result.best_epoch + patience;
}

std::string epoch_text(const TrainResult& result, int epochs) {
  return fmt::format("epoch {}/{}, loss {:.3f}, validation {:.2f} %", result.epochs.size(), epochs,
                     result.epochs.back().loss, 100 * result.epochs.back().validation_accuracy);
}

}  // namespace

void describe(Section& section, TrainCard& card) {
  section.value("epochs", card.epochs, not_negative);
  section.value("batch", card.batch, {.low = 1, .high = 1 << 20});
  describe(section, card.schedule);
  describe(section, card.optimizer);
  section.card("augment", card.augment);
  section.value("label_smoothing", card.label_smoothing, fraction);
  section.value("average", card.average, fraction);
  section.value("recalibrate", card.recalibrate, not_negative);
  section.value("patience", card.patience, not_negative);
  section.value("distill", card.distill);
  section.value("temperature", card.distillation.temperature, positive);
  section.value("beta", card.distillation.beta, fraction);
  section.value("noise_aware", card.noise_aware);
  section.card("bit_errors", card.bit_errors);
  section.value("curriculum", card.curriculum, not_negative);
  section.value("clip", card.clip, not_negative);
}

TrainResult train(Network& network, const Dataset& data, const TrainCard& card, std::uint64_t seed,
                  const TrainHelpers& helpers) {
  check(data, card, helpers);
  Trainer trainer(network, data, card, seed, helpers);
  Checkpoint state{.seed = seed, .batch = card.batch};
  TrainResult& result = state.result;
  if (!helpers.checkpoint.empty() && std::filesystem::exists(helpers.checkpoint)) {
    state = load_checkpoint(helpers.checkpoint, network, state);
    trainer.restore(state);
  }
  Progress progress("train " + network.graph().name,
                    static_cast<std::int64_t>(data.train.size()) * card.epochs, "images");
  progress.advance(static_cast<std::int64_t>(data.train.size() * result.epochs.size()));
  for (int epoch = static_cast<int>(result.epochs.size()); epoch < card.epochs; ++epoch) {
    EpochRecord record = trainer.epoch(epoch, progress);
    if (interrupted()) break;
    Weights better;
    record.validation_accuracy = trainer.validate(best_of(result), better);
    result.epochs.push_back(record);
    if (!better.empty()) {
      result.best_epoch = epoch;
      state.best = std::move(better);
    }
    progress.advance(0, epoch_text(result, card.epochs));
    if (!helpers.checkpoint.empty()) {
      trainer.save(state);
      save_checkpoint(helpers.checkpoint, network, state);
    }
    if (out_of_patience(result, card.patience)) break;
  }
  if (result.best_epoch >= 0) set_weights(network, state.best);
  result.own_changes = trainer.own_changes();
  return result;
}

}  // namespace lightloom::nn

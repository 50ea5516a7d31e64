#include "nn/train.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "core/error.hpp"
#include "core/progress.hpp"
#include "core/random.hpp"
#include "nn/evaluate.hpp"
#include "nn/training_pass.hpp"
#include "nn/weights_file.hpp"

namespace lightloom::nn {
namespace {

/// One epoch's worth of work on a network.
class Trainer {
 public:
  Trainer(Network& network, const Dataset& data, const TrainCard& card, std::uint64_t seed,
          const TrainHelpers& helpers)
      : data_(data),
        card_(card),
        engine_(card.noise_aware ? helpers.engine : nullptr),
        parameters_(network.parameters()),
        optimizer_(card.optimizer, parameters_),
        pass_(network, seed),
        shuffle_({seed, Purpose::shuffle}),
        order_(data.train.size()) {
    if (card.distill) teacher_.emplace(*helpers.teacher);
  }

  [[nodiscard]] std::int64_t steps_per_epoch() const {
    return static_cast<std::int64_t>((order_.size() + batch() - 1) / batch());
  }

  EpochRecord epoch(int number, Progress& progress) {
    fill_permutation(shuffle_, static_cast<std::uint64_t>(number), order_);
    EpochRecord record{.rate = rate_at(card_, step_, steps_per_epoch())};
    std::int64_t correct = 0;
    for (std::size_t first = 0; first < order_.size() && !interrupted(); first += batch()) {
      const std::size_t count = std::min(batch(), order_.size() - first);
      record.loss +=
          one_step(std::span(order_).subspan(first, count), correct) * static_cast<double>(count);
      progress.advance(static_cast<std::int64_t>(count));
    }
    record.loss /= static_cast<double>(order_.size());
    record.train_accuracy = static_cast<double>(correct) / static_cast<double>(order_.size());
    return record;
  }

 private:
  [[nodiscard]] std::size_t batch() const { return static_cast<std::size_t>(card_.batch); }

  double one_step(std::span<const std::uint32_t> chosen, std::int64_t& correct) {
    fill_batch(data_.train, chosen, images_, labels_);
    const auto count = static_cast<std::uint64_t>(step_);
    const Tensor& logits =
        pass_.forward(images_, {.step = count, .first_image = count * batch(), .engine = engine_});
    const std::vector<int> guesses = predictions(logits);
    for (std::size_t i = 0; i < labels_.size(); ++i) correct += guesses[i] == labels_[i] ? 1 : 0;
    const double loss = teacher_ ? distillation(logits, teacher_->forward(images_), labels_,
                                                card_.distillation, d_logits_)
                                 : cross_entropy(logits, labels_, d_logits_);
    pass_.backward(d_logits_);
    optimizer_.step(rate_at(card_, step_, steps_per_epoch()));
    ++step_;
    return loss;
  }

  const Dataset& data_;
  const TrainCard& card_;
  MatrixEngine* engine_;
  std::vector<Parameter*> parameters_;
  Optimizer optimizer_;
  TrainingPass pass_;
  std::optional<Inference> teacher_;
  Stream shuffle_;
  std::vector<std::uint32_t> order_;
  std::int64_t step_ = 0;
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

double validate(Network& network, const ImageSet& set, const TrainCard& card,
                const TrainHelpers& helpers) {
  if (set.size() == 0) return 0;
  Inference inference(network, card.noise_aware ? helpers.engine : nullptr);
  return evaluate(inference, set).accuracy();
}

}  // namespace

void describe(Section& section, TrainCard& card) {
  section.value("epochs", card.epochs, not_negative);
  section.value("batch", card.batch, {.low = 1, .high = 1 << 20});
  section.value("rate", card.rate, positive);
  section.choice("schedule", card.schedule,
                 {{"constant", ScheduleKind::constant},
                  {"cosine", ScheduleKind::cosine},
                  {"exponential", ScheduleKind::exponential}});
  section.value("decay", card.decay, {.low = 0, .high = 1, .open_low = true});
  describe(section, card.optimizer);
  section.value("distill", card.distill);
  section.value("temperature", card.distillation.temperature, positive);
  section.value("beta", card.distillation.beta, fraction);
  section.value("noise_aware", card.noise_aware);
}

double rate_at(const TrainCard& card, std::int64_t step, std::int64_t steps_per_epoch) {
  const auto done = static_cast<double>(step);
  switch (card.schedule) {
    case ScheduleKind::constant:
      return card.rate;
    case ScheduleKind::cosine: {
      const double all = static_cast<double>(steps_per_epoch) * card.epochs;
      return card.rate * 0.5 * (1 + std::cos(std::numbers::pi * done / all));
    }
    case ScheduleKind::exponential:
      return card.rate * std::pow(card.decay, static_cast<double>(step / steps_per_epoch));
  }
  return card.rate;
}

TrainResult train(Network& network, const Dataset& data, const TrainCard& card, std::uint64_t seed,
                  const TrainHelpers& helpers) {
  check(data, card, helpers);
  Trainer trainer(network, data, card, seed, helpers);
  TrainResult result;
  Weights best;
  double best_accuracy = -1;
  Progress progress("train " + network.graph().name,
                    static_cast<std::int64_t>(data.train.size()) * card.epochs, "images");
  for (int epoch = 0; epoch < card.epochs && !interrupted(); ++epoch) {
    EpochRecord record = trainer.epoch(epoch, progress);
    record.validation_accuracy = validate(network, data.validation, card, helpers);
    result.epochs.push_back(record);
    if (data.validation.size() == 0 || record.validation_accuracy > best_accuracy) {
      best_accuracy = record.validation_accuracy;
      result.best_epoch = epoch;
      best = weights_of(network);
    }
    progress.advance(0, fmt::format("epoch {}/{}, loss {:.3f}, validation {:.2f} %", epoch + 1,
                                    card.epochs, record.loss, 100 * record.validation_accuracy));
  }
  if (result.best_epoch >= 0) set_weights(network, best);
  return result;
}

}  // namespace lightloom::nn

#include "nn/slimmable/sandwich.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/data/prefetch.hpp"
#include "nn/ops/elementwise.hpp"
#include "nn/train/training_pass.hpp"

namespace lightloom::nn {
namespace {

/// The parts of a network's answers that both an average and training may not move.
class StillStatistics {
 public:
  explicit StillStatistics(Network& network) : network_(network) {
    for (NormLayer& norm : network.norms()) {
      momentum_.push_back(norm.momentum);
      norm.momentum = 0;
    }
    for (WeightLayer& layer : network.weight_layers()) ranges_.push_back(layer.range);
  }
  ~StillStatistics() {
    for (std::size_t n = 0; n < momentum_.size(); ++n) network_.norms()[n].momentum = momentum_[n];
    for (std::size_t l = 0; l < ranges_.size(); ++l) network_.weight_layers()[l].range = ranges_[l];
  }
  StillStatistics(const StillStatistics&) = delete;
  StillStatistics& operator=(const StillStatistics&) = delete;

 private:
  Network& network_;
  std::vector<double> momentum_;
  std::vector<ActivationRange> ranges_;
};

class SandwichTrainer {
 public:
  SandwichTrainer(SlimmableNetwork& slim, const SlimTraining& training)
      : slim_(slim),
        training_(training),
        card_(training.recipe.card),
        seed_(training.recipe.seed),
        optimizer_(card_.optimizer, slim.whole().parameters(),
                   weight_decays(slim.whole(), card_.decay, card_.optimizer.weight_decay)),
        average_(true, slim.whole().parameters()),
        order_(training.data.train.size()) {
    for (std::size_t w = 0; w < slim.count(); ++w)
      passes_.push_back(std::make_unique<TrainingPass>(slim.network(w), seed_, nullptr,
                                                       ProductPlan{.precision = card_.precision}));
  }

  SandwichEpoch epoch(int number, Progress& progress) {
    fill_permutation(Stream({seed_, Purpose::shuffle}), static_cast<std::uint64_t>(number), order_);
    Prefetch batches(training_.data.train, order_, static_cast<std::size_t>(card_.batch),
                     {card_.augment, seed_, static_cast<std::uint64_t>(number)});
    SandwichEpoch sums;
    ProgressSink& sink = *training_.progress;
    while (const Batch* batch = sink.cancelled() ? nullptr : batches.next()) {
      const auto count = static_cast<double>(batch->labels.size());
      const SandwichEpoch one = step(*batch, number);
      sums.widest += count * one.widest;
      sums.narrowest += count * one.narrowest;
      progress.advance(static_cast<std::int64_t>(batch->labels.size()));
    }
    const auto images = static_cast<double>(order_.size());
    return {sums.widest / images, sums.narrowest / images};
  }

 private:
  SandwichEpoch step(const Batch& batch, int epoch) {
    const TrainingPass::Place place{.step = step_,
                                    .first_image = step_ * static_cast<std::uint64_t>(card_.batch)};
    enter_step(epoch);
    soft_labels(batch, place);
    SandwichEpoch losses;
    for (const std::size_t w : sandwich(slim_.count(), training_.card.random, seed_, step_)) {
      const double loss = forward_and_back(w, batch, place);
      if (w == slim_.widest()) losses.widest = loss;
      if (w == 0) losses.narrowest = loss;
    }
    leave_step();
    optimizer_.step(rate());
    follow();
    ++step_;
    return losses;
  }

  /// What the average answers, with the statistics of the batch: it has none of its own.
  void soft_labels(const Batch& batch, const TrainingPass::Place& place) {
    const StillStatistics still(slim_.whole());
    average_.change_places();
    const Tensor& logits = passes_[slim_.widest()]->forward(batch.images, place);
    soft_.resize(logits.shape());
    copy(logits, soft_);
    average_.change_places();
  }

  double forward_and_back(std::size_t w, const Batch& batch, const TrainingPass::Place& place) {
    slim_.refresh(w);
    const Tensor& logits = passes_[w]->forward(batch.images, place);
    const double loss =
        w == slim_.widest()
            ? cross_entropy(logits, batch.labels, d_logits_, card_.label_smoothing)
            : distillation(logits, {soft_, batch.labels}, {.temperature = 1, .beta = 1}, d_logits_);
    passes_[w]->backward(d_logits_);
    slim_.hand_over(w);
    return loss;
  }

  /// A young average follows quickly: it would else be of the first weights for hundreds of steps.
  void follow() {
    const double steps = static_cast<double>(step_) + 1;
    average_.follow(std::min(training_.card.average, (1 + steps) / (10 + steps)));
  }

  void enter_step(int epoch) {
    std::uint32_t number = 0;
    for (WeightLayer& layer : slim_.whole().weight_layers())
      layer.source->set_step(
          TrainingStep{.seed = seed_, .layer = number++, .step = step_, .epoch = epoch});
  }

  void leave_step() {
    for (WeightLayer& layer : slim_.whole().weight_layers()) {
      layer.source->regularise();
      layer.source->set_step(std::nullopt);
    }
  }

  [[nodiscard]] double rate() const {
    const auto batch = static_cast<std::size_t>(card_.batch);
    const auto steps = static_cast<std::int64_t>((order_.size() + batch - 1) / batch);
    return rate_at(card_.schedule, {static_cast<std::int64_t>(step_), steps, card_.epochs});
  }

  SlimmableNetwork& slim_;
  const SlimTraining& training_;
  const TrainCard& card_;
  std::uint64_t seed_;
  Optimizer optimizer_;
  WeightAverage average_;
  std::vector<std::uint32_t> order_;
  std::vector<std::unique_ptr<TrainingPass>> passes_;
  std::uint64_t step_ = 0;
  Tensor soft_, d_logits_;
};

}  // namespace

void check_slim_recipe(const TrainCard& recipe) {
  const auto refuse = [](bool used, const char* key) {
    require(!used,
            "the widths of a slimmable network are trained together, digitally, by labels and by "
            "the widest alone (leave out train.{})",
            key);
  };
  refuse(recipe.distill, "distill");
  refuse(recipe.noise_aware, "noise_aware");
  refuse(recipe.weight_noise > 0, "weight_noise");
  refuse(has_errors(recipe.bit_errors), "bit_errors");
  refuse(recipe.freeze.has_value(), "freeze");
  refuse(recipe.factored, "products: factored");
  refuse(recipe.average > 0, "average (slimmable.average is another)");
  refuse(recipe.swa.start > 0, "swa");
  refuse(recipe.clip > 0, "clip");
  refuse(recipe.patience > 0, "patience");
}

std::vector<std::size_t> sandwich(std::size_t widths, int random, std::uint64_t seed,
                                  std::uint64_t step) {
  std::vector<std::size_t> all{widths - 1};
  std::vector<std::uint32_t> between(widths - 2);
  fill_permutation(Stream(address_of(family::width_order, seed)), step, between);
  for (std::size_t i = 0; i < std::min(between.size(), static_cast<std::size_t>(random)); ++i)
    all.push_back(1 + between[i]);
  all.push_back(0);
  return all;
}

std::vector<SandwichEpoch> train_sandwich(SlimmableNetwork& slim, const SlimTraining& training) {
  const TrainCard& recipe = training.recipe.card;
  check_slim_recipe(recipe);
  require(training.data.train.size() > 0, "there is no image to train with");
  SandwichTrainer trainer(slim, training);
  Progress progress(*training.progress, "train widths of " + slim.whole().graph().name,
                    static_cast<std::int64_t>(training.data.train.size()) * recipe.epochs,
                    "images");
  std::vector<SandwichEpoch> epochs;
  for (int e = 0; e < recipe.epochs; ++e) {
    epochs.push_back(trainer.epoch(e, progress));
    if (training.progress->cancelled())
      throw Failure("interrupted while the widths were trained (nothing of it is kept)");
    if (!std::isfinite(epochs.back().widest) || !std::isfinite(epochs.back().narrowest))
      throw Failure(
          "the training of the widths diverged: its losses are no longer numbers (a lower "
          "train.rate may help)");
    progress.advance(
        0, fmt::format("epoch {}/{}, loss {:.3f} of the widest, {:.3f} of the narrowest", e + 1,
                       recipe.epochs, epochs.back().widest, epochs.back().narrowest));
  }
  slim.refresh();
  return epochs;
}

void take_statistics(SlimmableNetwork& slim, const SlimTraining& training) {
  const TrainCard& recipe = training.recipe.card;
  const int all = static_cast<int>(training.data.train.size());
  const int images = training.card.recalibrate > 0 ? training.card.recalibrate : all;
  slim.refresh();
  for (std::size_t w = 0; w < slim.count(); ++w)
    TrainingPass(slim.network(w), training.recipe.seed)
        .estimate_statistics(
            training.data.train, images, static_cast<std::size_t>(recipe.batch),
            {recipe.augment, training.recipe.seed, static_cast<std::uint64_t>(recipe.epochs)});
  slim.share_trunk();
}

}  // namespace lightloom::nn

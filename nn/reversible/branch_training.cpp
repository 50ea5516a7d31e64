#include "nn/reversible/branch_training.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/data/batch.hpp"
#include "nn/inference/inference.hpp"
#include "nn/ops/loss.hpp"

namespace lightloom::nn {
namespace {

using Values = std::vector<std::vector<float>>;

Values values_of(const std::vector<Parameter*>& parameters) {
  Values values;
  for (const Parameter* one : parameters) values.push_back(one->value);
  return values;
}

std::int64_t right_answers(const Tensor& logits, std::span<const int> labels) {
  const std::vector<int> guesses = predictions(logits);
  std::int64_t right = 0;
  for (std::size_t i = 0; i < guesses.size(); ++i) right += guesses[i] == labels[i] ? 1 : 0;
  return right;
}

/// Trains epoch by epoch.
class BranchTrainer {
 public:
  BranchTrainer(BranchNetwork& branch, BackboneTaps& backbone, const BranchTraining& training)
      : branch_(branch),
        backbone_(backbone),
        training_(training),
        optimizer_(training.card.optimizer, branch.parameters()),
        order_(training.data.train.size()) {
    std::iota(order_.begin(), order_.end(), 0u);
  }

  BranchEpoch epoch(int number, Progress& progress) {
    fill_permutation(Stream({training_.seed, Purpose::shuffle}), static_cast<std::uint64_t>(number),
                     order_);
    BranchEpoch record{.rate = rate(number, 0)};
    std::int64_t right = 0;
    const auto size = static_cast<std::size_t>(training_.card.batch);
    for (std::size_t first = 0; first < order_.size(); first += size) {
      if (training_.progress.cancelled())
        throw Failure("interrupted during the training of the branch (nothing of it is kept)");
      const std::size_t count = std::min(size, order_.size() - first);
      fill_batch(training_.data.train, std::span(order_).subspan(first, count), batch_);
      record.loss += step(rate(number, first / size), right) * static_cast<double>(count);
      progress.advance(static_cast<std::int64_t>(count));
    }
    const auto all = static_cast<double>(order_.size());
    record.loss /= all;
    record.train_accuracy = static_cast<double>(right) / all;
    require_numbers(record.loss, number);
    return record;
  }

  [[nodiscard]] std::int64_t kept_bytes() const { return kept_bytes_; }

 private:
  [[nodiscard]] double rate(int epoch, std::size_t step) const {
    const auto size = static_cast<std::size_t>(training_.card.batch);
    const auto steps = static_cast<std::int64_t>((order_.size() + size - 1) / size);
    return rate_at(training_.card.schedule,
                   {.step = epoch * steps + static_cast<std::int64_t>(step),
                    .steps_per_epoch = steps,
                    .epochs = training_.card.epochs});
  }

  double step(double rate, std::int64_t& right) {
    const std::vector<Tensor>& taps = backbone_.forward(batch_.images);
    const Tensor& logits = branch_.forward(taps, training_.card.keeps);
    kept_bytes_ = std::max(kept_bytes_, branch_.kept_bytes());
    d_logits_.resize(logits.shape());
    const double loss = cross_entropy(logits, batch_.labels, d_logits_);
    right += right_answers(logits, batch_.labels);
    branch_.backward(taps, d_logits_);
    optimizer_.step(rate);
    return loss;
  }

  static void require_numbers(double loss, int epoch) {
    if (!std::isfinite(loss))
      throw Failure(
          fmt::format("the training of the branch diverged: in epoch {} its losses are "
                      "no longer numbers (a lower branch.rate may help)",
                      epoch + 1));
  }

  BranchNetwork& branch_;
  BackboneTaps& backbone_;
  const BranchTraining& training_;
  Optimizer optimizer_;
  std::vector<std::uint32_t> order_;
  Batch batch_;
  Tensor d_logits_;
  std::int64_t kept_bytes_ = 0;
};

/// What comes back of a batch's first pair.
void try_inverse(BranchNetwork& branch, BackboneTaps& backbone, const BranchTraining& training,
                 BranchResult& result) {
  const std::size_t count =
      std::min(training.data.test.size(), static_cast<std::size_t>(training.card.batch));
  if (count == 0) return;
  for_each_batch(training.data.test, {0, count}, count, [&](const Batch& batch, std::size_t) {
    result.pair_numbers = 2 * branch.shape().half() * static_cast<std::int64_t>(count);
    result.lost_numbers = branch.lost_numbers(backbone.forward(batch.images));
  });
}

}  // namespace

double branch_accuracy(BranchNetwork& branch, BackboneTaps& backbone, const ImageSet& set,
                       int batch) {
  std::int64_t right = 0;
  for_each_batch(
      set, {0, set.size()}, static_cast<std::size_t>(batch), [&](const Batch& one, std::size_t) {
        right += right_answers(branch.forward(backbone.forward(one.images), BranchKeeps::last_pair),
                               one.labels);
      });
  return set.size() > 0 ? static_cast<double>(right) / static_cast<double>(set.size()) : 0;
}

BranchResult train_branch(BranchNetwork& branch, BackboneTaps& backbone,
                          const BranchTraining& training) {
  const std::vector<Parameter*> parameters = branch.parameters();
  BranchResult result;
  for (const Parameter* one : parameters)
    result.parameters += static_cast<std::int64_t>(one->value.size());
  BranchTrainer trainer(branch, backbone, training);
  Values best = values_of(parameters);
  double best_accuracy = -1;
  Progress progress(
      training.progress, "branch",
      std::int64_t{training.card.epochs} * static_cast<std::int64_t>(training.data.train.size()),
      "images");
  for (int number = 0; number < training.card.epochs; ++number) {
    BranchEpoch& epoch = result.epochs.emplace_back(trainer.epoch(number, progress));
    epoch.validation_accuracy =
        branch_accuracy(branch, backbone, training.data.validation, training.card.batch);
    if (epoch.validation_accuracy <= best_accuracy) continue;
    best_accuracy = epoch.validation_accuracy;
    result.best_epoch = number;
    best = values_of(parameters);
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i]->value = best[i];
  result.kept_bytes = trainer.kept_bytes();
  result.test_accuracy = branch_accuracy(branch, backbone, training.data.test, training.card.batch);
  try_inverse(branch, backbone, training, result);
  return result;
}

}  // namespace lightloom::nn

#include "nn/train/trainer.hpp"

#include <algorithm>

#include "core/random/random.hpp"
#include "nn/inference/evaluate.hpp"
#include "nn/train/measured_part.hpp"

namespace lightloom::nn {
namespace {

/// Those of `all` that are trained.
template <class Value>
std::vector<Value> chosen(const std::vector<Value>& all, const std::vector<bool>& trained) {
  std::vector<Value> some;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (trained[i]) some.push_back(all[i]);
  return some;
}

const GraphCut* cut_of(const MeasuredPart* measured) {
  return measured == nullptr ? nullptr : &measured->cut;
}

}  // namespace

Trainer::Trainer(Network& network, const Dataset& data, const SeededTraining& training,
                 const TrainHelpers& helpers)
    : network_(network),
      data_(data),
      card_(training.card),
      sink_(*helpers.progress),
      seed_(training.seed),
      engines_(card_.noise_aware ? helpers.engines : std::vector<MatrixEngine*>{}),
      measured_(helpers.measured),
      parameters_(chosen(network.parameters(), trained_parameters(network, cut_of(measured_)))),
      optimizer_(card_.optimizer, parameters_,
                 chosen(weight_decays(network, card_.decay, card_.optimizer.weight_decay),
                        trained_parameters(network, cut_of(measured_)))),
      average_(card_.average > 0 || card_.swa.start > 0, parameters_),
      order_(data.train.size()),
      trained_layers_(trained_layers(network, cut_of(measured_))),
      changes_(network.weight_layers().size()) {
  if (measured_ != nullptr) given_ = given_part(*measured_);
  pass_.emplace(network_, seed_, given_ ? &*given_ : nullptr, products());
  if (card_.freeze) plan_freeze(network_, *card_.freeze, data_.train.size());  // or refuse it now
  if (card_.distill) teacher_.emplace(*helpers.teacher, data_.train, card_.teacher_views);
  if (has_errors(card_.bit_errors)) memory_.emplace(network, card_.bit_errors);
}

ProductPlan Trainer::products() const { return {card_.precision, card_.factored}; }

/// Whether the first layers are frozen in an epoch, numbered from 0.
bool Trainer::freezes(int epoch) const { return card_.freeze && epoch + 1 >= card_.freeze->epoch; }

/// From now on the rest of the network is trained, with the state that its parameters have.
void Trainer::freeze() {
  const FrozenImages images{.set = data_.train,
                            .augment = card_.augment,
                            .seed = seed_,
                            .batch = static_cast<std::size_t>(card_.batch)};
  frozen_ = std::make_unique<FrozenPart>(network_, *card_.freeze, images, sink_);
  const GraphCut& cut = frozen_->cut();
  const std::vector<bool> stay = trained_parameters(network_, &cut);
  const OptimizerState& all = optimizer_.state();
  OptimizerState state{all.steps, chosen(all.first, stay), chosen(all.second, stay)};
  const bool averages = !average_.values().empty();
  auto average = averages ? chosen(average_.values(), stay) : average_.values();
  const std::int64_t averaged = average_.count();
  parameters_ = chosen(network_.parameters(), stay);
  optimizer_ =
      Optimizer(card_.optimizer, parameters_,
                chosen(weight_decays(network_, card_.decay, card_.optimizer.weight_decay), stay));
  optimizer_.restore(std::move(state));
  average_ = WeightAverage(averages, parameters_);
  average_.restore(std::move(average), averaged);
  trained_layers_ = trained_layers(network_, &cut);
  given_ = GivenPart{
      .cut = &cut,
      .values = [part = frozen_.get()](const Tensor& batch, std::span<const std::uint32_t> numbers,
                                       std::vector<Tensor>& values) {
        part->values(batch, numbers, values);
      }};
  pass_.emplace(network_, seed_, &*given_, products());
}

std::optional<FrozenRecord> Trainer::frozen() const {
  if (!frozen_) return std::nullopt;
  return FrozenRecord{
      .layers = frozen_->plan().layers, .bytes = frozen_->bytes(), .error = frozen_->error()};
}

EpochRecord Trainer::epoch(int number, Progress& progress) {
  if (!frozen_ && freezes(number)) freeze();
  fill_permutation(Stream({seed_, Purpose::shuffle}), static_cast<std::uint64_t>(number), order_);
  if (teacher_) teacher_->look_at(draw(number), sink_);
  Prefetch batches(data_.train, order_, static_cast<std::size_t>(card_.batch), draw(number));
  EpochRecord record{.rate = rate(number)};
  Answers answers;
  std::size_t first = 0;
  while (const Batch* batch = sink_.cancelled() ? nullptr : batches.next()) {
    const auto count = static_cast<std::int64_t>(batch->labels.size());
    images_ = std::span(order_).subspan(first, batch->labels.size());
    choose_numbers(first, number);
    first += batch->labels.size();
    record.loss += one_step(*batch, number, answers) * static_cast<double>(count);
    progress.advance(count);
  }
  if (averages_epochs(number)) average_.include();
  record.loss /= static_cast<double>(order_.size());
  record.train_accuracy = data_.train.has_numbers() ? answers.errors.explained()
                                                    : static_cast<double>(answers.correct) /
                                                          static_cast<double>(order_.size());
  return record;
}

/// How images are changed in an epoch: of a given part, as they were before its values were found.
AugmentationDraw Trainer::draw(int epoch) const {
  if (frozen_) return frozen_->draw(epoch);
  if (measured_ == nullptr) {
    const int view = card_.teacher_views > 0 ? epoch % card_.teacher_views : epoch;
    return {card_.augment, seed_, static_cast<std::uint64_t>(view)};
  }
  return {card_.augment, measured_->seed, static_cast<std::uint64_t>(epoch % measured_->views)};
}

/// Changes that no epoch of the training draws; of frozen layers the first that latents were kept
/// of.
AugmentationDraw Trainer::statistics_draw() const {
  if (frozen_ && frozen_->bytes() > 0) return frozen_->draw(0);
  return {card_.augment, seed_, static_cast<std::uint64_t>(card_.epochs)};
}

/// Which images of the given part the batch is that begins at place `first` of the epoch's order.
void Trainer::choose_numbers(std::size_t first, int epoch) {
  if (!given_) return;
  const std::size_t last = std::min(order_.size(), first + static_cast<std::size_t>(card_.batch));
  const std::size_t view = frozen_
                               ? frozen_->first_row(epoch)
                               : static_cast<std::size_t>(epoch % measured_->views) * order_.size();
  numbers_.clear();
  for (std::size_t i = first; i < last; ++i)
    numbers_.push_back(static_cast<std::uint32_t>(view + order_[i]));
}

double Trainer::validate(double best, Weights& better) {
  const bool averaged = card_.swa.start == 0 || average_.count() > 0;
  if (averaged) average_.change_places();
  if (statistics_images() > 0)  // changes that no epoch of the training draws
    pass_->estimate_statistics(data_.train, statistics_images(),
                               static_cast<std::size_t>(card_.batch), statistics_draw());
  const bool chooses = data_.validation.size() > 0;
  const double accuracy = chooses ? validation_accuracy() : 0;
  if (!chooses || accuracy > best) better = weights_of(network_);
  if (averaged) average_.change_places();
  return accuracy;
}

void Trainer::save(Checkpoint& state) {
  state.step = step_;
  state.now = weights_of(network_);
  state.optimizer = optimizer_.state();
  state.average = average_.values();
  state.averaged = average_.count();
  state.own_changes = changes_;
  state.own_steps = own_steps_;
}

void Trainer::restore(const Checkpoint& state) {
  step_ = state.step;
  set_weights(network_, state.now);
  if (freezes(static_cast<int>(state.result.epochs.size()) - 1)) freeze();
  optimizer_.restore(state.optimizer);
  average_.restore(state.average, state.averaged);
  changes_ = state.own_changes;
  own_steps_ = state.own_steps;
}

double Trainer::rate(int epoch) const {
  if (averages_epochs(epoch) && card_.swa.rate > 0) return card_.swa.rate;
  const auto batch = static_cast<std::size_t>(card_.batch);
  const std::size_t steps = (order_.size() + batch - 1) / batch;
  return rate_at(card_.schedule, {step_, static_cast<std::int64_t>(steps), card_.epochs});
}

/// Whether the weights at the end of this epoch, numbered from 0, belong to the mean.
bool Trainer::averages_epochs(int epoch) const {
  return card_.swa.start > 0 && epoch + 1 >= card_.swa.start;
}

/// Averaged weights have no statistics of their own until they are taken: over all training images
/// (Izmailov et al., algorithm 1) unless the card says over how many.
int Trainer::statistics_images() const {
  if (card_.recalibrate > 0 || average_.count() == 0) return card_.recalibrate;
  return static_cast<int>(data_.train.size());
}

/// The chips take turns.
MatrixEngine* Trainer::engine() const {
  if (engines_.empty()) return nullptr;
  return engines_[static_cast<std::size_t>(step_) % engines_.size()];
}

double Trainer::one_step(const Batch& batch, int epoch, Answers& answers) {
  const auto count = static_cast<std::uint64_t>(step_);
  enter_step(count, epoch);
  if (count == 0) clip();
  const TrainingPass::Place place{.step = count,
                                  .first_image = count * static_cast<std::uint64_t>(card_.batch),
                                  .engine = engine(),
                                  .weight_noise = card_.weight_noise,
                                  .numbers = numbers_};
  const double loss = forward_and_back(batch, place, answers);
  if (memory_) learn_from_errors(batch, place, loss);
  const double regulariser = leave_step();
  optimizer_.step(rate(epoch));
  take_own_steps(rate(epoch));
  clip();
  if (card_.average > 0) average_.follow(card_.average);
  ++step_;
  return loss + regulariser;
}

/// Adds the gradients of the batch in hand; returns its loss and keeps account of the answers.
double Trainer::forward_and_back(const Batch& batch, const TrainingPass::Place& place,
                                 Answers& answers) {
  const Tensor& logits = pass_->forward(batch.images, place);
  if (data_.train.has_numbers()) {
    add_errors(logits, batch.targets, answers.errors);
    const double loss = mean_squared_error(logits, batch.targets, d_logits_);
    pass_->backward(d_logits_);
    return loss;
  }
  const std::vector<int> guesses = predictions(logits);
  for (std::size_t i = 0; i < guesses.size(); ++i)
    answers.correct += guesses[i] == batch.labels[i] ? 1 : 0;
  const double loss = teacher_
                          ? distillation(logits, {teacher_->answers(batch, images_), batch.labels},
                                         card_.distillation, d_logits_)
                          : cross_entropy(logits, batch.labels, d_logits_, card_.label_smoothing);
  pass_->backward(d_logits_);
  return loss;
}

/// RandBET (Stutz et al., MLSys 2021, algorithm 1): the mean of the gradients at the weights as
/// they are, which is there already and gave the loss `clean`, and at those a faulty memory gives.
void Trainer::learn_from_errors(const Batch& batch, const TrainingPass::Place& place,
                                double clean) {
  constexpr double slack = 1.15;  // of the authors' curriculum
  if (card_.curriculum > 0 && clean >= slack * card_.curriculum) return;
  std::vector<std::vector<float>> before;
  if (card_.curriculum > 0)
    for (const Parameter* parameter : parameters_) before.push_back(parameter->gradient);
  Answers unused;
  memory_->set(Faults::on);
  const double faulty = forward_and_back(batch, place, unused);
  memory_->set(Faults::off);
  if (card_.curriculum > 0 && 0.5 * (clean + faulty) > card_.curriculum) {
    for (std::size_t p = 0; p < before.size(); ++p) parameters_[p]->gradient.swap(before[p]);
    return;
  }
  for (Parameter* parameter : parameters_)
    for (float& gradient : parameter->gradient) gradient *= 0.5f;
}

/// Before the first step and after every one, so that what is kept is clipped too.
void Trainer::clip() {
  if (card_.clip == 0) return;
  const auto most = static_cast<float>(card_.clip);
  for (Parameter* parameter : parameters_)
    for (float& value : parameter->value)
      value = std::clamp(value, parameter->centre - most, parameter->centre + most);
}

/// Tells every source which step it is in: some add noise in training only.
void Trainer::enter_step(std::uint64_t step, int epoch) {
  for (std::size_t l = 0; l < trained_layers_.size(); ++l)
    if (trained_layers_[l])
      network_.weight_layers()[l].source->set_step(TrainingStep{
          .seed = seed_, .layer = static_cast<std::uint32_t>(l), .step = step, .epoch = epoch});
}

/// Lets the sources update what they train by rules of their own.
void Trainer::take_own_steps(double rate) {
  for (std::size_t l = 0; l < trained_layers_.size(); ++l)
    if (trained_layers_[l]) changes_[l] += network_.weight_layers()[l].source->own_step(rate);
  ++own_steps_;
}

std::vector<double> Trainer::own_changes() const {
  std::vector<double> mean;
  for (const std::int64_t count : changes_)
    mean.push_back(static_cast<double>(count) /
                   static_cast<double>(std::max<std::int64_t>(1, own_steps_)));
  return mean;
}

/// Adds the gradients of the sources' own regularisers, returns their value, and puts the sources
/// back to evaluation.
double Trainer::leave_step() {
  double value = 0;
  for (std::size_t l = 0; l < trained_layers_.size(); ++l) {
    if (!trained_layers_[l]) continue;
    WeightSource& source = *network_.weight_layers()[l].source;
    value += source.regularise();
    source.set_step(std::nullopt);
  }
  return value;
}

/// The images that each chip sees, or a digital network.
void Trainer::over_chips(const std::function<void(Inference&, const ImageRange&)>& body) {
  const std::size_t images = data_.validation.size(), chips = engines_.size();
  if (chips == 0) {
    Inference inference(network_);
    return body(inference, {0, images});
  }
  for (std::size_t chip = 0; chip < chips; ++chip) {
    const std::size_t first = images * chip / chips, last = images * (chip + 1) / chips;
    if (first == last) continue;
    Inference inference(network_, engines_[chip]);
    body(inference, {first, last});
  }
}

/// Digitally, or over the chips, each of which sees its share of the images.
double Trainer::validation_accuracy() {
  const ImageSet& set = data_.validation;
  if (measured_ != nullptr) return nn::validation_accuracy(network_, set, *measured_);
  NumberErrors errors;
  std::int64_t correct = 0;
  over_chips([&](Inference& inference, const ImageRange& range) {
    if (!set.has_numbers()) {
      correct += evaluate(inference, set, range).correct;
      return;
    }
    for_each_batch(set, range, 250, [&](const Batch& batch, std::size_t first) {
      add_errors(inference.forward(batch.images, first), batch.targets, errors);
    });
  });
  return set.has_numbers() ? errors.explained()
                           : static_cast<double>(correct) / static_cast<double>(set.size());
}

}  // namespace lightloom::nn

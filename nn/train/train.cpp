#include "nn/train/train.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "core/error.hpp"
#include "core/progress.hpp"
#include "nn/train/checkpoint.hpp"
#include "nn/train/trainer.hpp"

namespace lightloom::nn {
namespace {

void check(const Dataset& data, const TrainCard& card, const TrainHelpers& helpers) {
  require(data.train.size() > 0, "there is no image to train with");
  require(!card.distill || helpers.teacher != nullptr,
          "train.distill needs a trained teacher network");
  require(!card.noise_aware || !helpers.engines.empty(),
          "train.noise_aware needs a tensor core to multiply through");
  require(!card.noise_aware || helpers.measured == nullptr,
          "train.noise_aware multiplies through chips, but what is measured is followed digitally "
          "(use weight_noise)");
  require(!data.train.has_numbers() || (!card.distill && card.label_smoothing == 0),
          "train.{} is of classes, but the data set's task is numbers (leave it out)",
          card.distill ? "distill" : "label_smoothing");
  require_precision(card.precision, "train.precision");
  require(
      !card.freeze || helpers.measured == nullptr,
      "train.freeze freezes the first layers, but those of this training are measured (leave it "
      "out)");
}

/// Views of the images that the float network answers for once.
void check_views(Section& section, const TrainCard& card) {
  if (card.teacher_views == 0) return;
  const auto refuse = [&](bool wrong, const char* why) {
    if (wrong)
      section.problem("teacher_views", fmt::format("is {}, but {}", card.teacher_views, why));
  };
  refuse(!card.distill, "nobody teaches: distill is false (leave teacher_views out)");
  refuse(card.freeze.has_value(), "freeze has views of its own (leave one out)");
  refuse(card.teacher_views > 1 && !card.augment.any(),
         "`augment` changes nothing, so that all views of an image would be equal (use 1)");
}

/// What goes with frozen layers only where every step computes them anew, or not at all.
void check_freeze(Section& section, const TrainCard& card) {
  if (!card.freeze) return;
  if (card.epochs > 0 && card.freeze->epoch > card.epochs)  // or nothing is trained at all
    section.problem("freeze.epoch", fmt::format("is {}, but the training ends after {} (it is the "
                                                "first epoch, counted from 1, with frozen layers)",
                                                card.freeze->epoch, card.epochs));
  const auto refuse = [&](bool used, const char* key) {
    if (used)
      section.problem(
          "freeze", fmt::format("does not go with {}, which draws the weights of every layer anew "
                                "at each step, those of the frozen ones too (leave one out)",
                                key));
  };
  refuse(card.noise_aware, "noise_aware");
  refuse(card.weight_noise > 0, "weight_noise");
  refuse(has_errors(card.bit_errors), "bit_errors");
  if (card.freeze->views > 1 && !card.augment.any())
    section.problem("freeze.views", fmt::format("is {}, but `augment` changes nothing, so that all "
                                                "latents of an image would be equal",
                                                card.freeze->views));
}

/// What needs the whole weight, which factored products never make.
void check_products(Section& section, const TrainCard& card) {
  const auto refuse = [&](bool used, const char* key) {
    if (card.factored && used)
      section.problem("products",
                      fmt::format("is factored, so that no weight exists that {} could act on (use "
                                  "`products: whole`, or leave {} out)",
                                  key, key));
  };
  refuse(card.noise_aware, "noise_aware");
  refuse(card.weight_noise > 0, "weight_noise");
  refuse(has_errors(card.bit_errors), "bit_errors");
}

double best_of(const TrainResult& result) {
  return result.best_epoch < 0
             ? -std::numeric_limits<double>::infinity()
             : result.epochs[static_cast<std::size_t>(result.best_epoch)].validation_accuracy;
}

bool out_of_patience(const TrainResult& result, int patience) {
  return patience > 0 && static_cast<int>(result.epochs.size()) > result.best_epoch + patience;
}

/// A training that has left the numbers does not come back.
void require_finite(double loss, const Weights& kept, const std::string& network, int epoch) {
  const auto finite = [](const NamedValues& one) {
    return std::all_of(one.values.begin(), one.values.end(),
                       [](float v) { return std::isfinite(v); });
  };
  if (std::isfinite(loss) && std::all_of(kept.begin(), kept.end(), finite)) return;
  throw Failure(fmt::format(
      "the training of {} diverged: in epoch {} its {} no longer numbers, and nothing of it was "
      "saved (a lower train.rate, or train.clip, may help)",
      network, epoch + 1, std::isfinite(loss) ? "weights are" : "losses are"));
}

std::string epoch_text(const TrainResult& result, const Dataset& data, int epochs) {
  const EpochRecord& last = result.epochs.back();
  const std::string validation = data.train.has_numbers()
                                     ? fmt::format("R2 {:.4f}", last.validation_accuracy)
                                     : fmt::format("{:.2f} %", 100 * last.validation_accuracy);
  return fmt::format("epoch {}/{}, loss {:.3f}, validation {}", result.epochs.size(), epochs,
                     last.loss, validation);
}

/// `auto` is settled when the card is read, so that whatever keeps the card says what was used.
void read_precision(Section& section, Precision& precision) {
  std::string name = precision_name(precision);
  const Precision quickest = quickest_precision();
  section.choice("precision", name, {"auto", "float32", "bfloat16"});
  precision = name == "auto"                                ? quickest
              : name == precision_name(Precision::bfloat16) ? Precision::bfloat16
                                                            : Precision::float32;
  section.settle("precision", precision_name(precision));
}

}  // namespace

void describe(Section& section, TrainCard& card) {
  section.value("epochs", card.epochs, not_negative);
  section.value("batch", card.batch, {.low = 1, .high = 1 << 20});
  read_precision(section, card.precision);
  std::string products = card.factored ? "factored" : "whole";
  section.choice("products", products, {"whole", "factored"});
  card.factored = products == "factored";
  describe(section, card.schedule);
  describe(section, card.optimizer);
  describe(section, card.decay);
  section.card("augment", card.augment);
  section.value("label_smoothing", card.label_smoothing, fraction);
  section.value("average", card.average, fraction);
  section.card("swa", card.swa);
  if (card.average > 0 && card.swa.start > 0)
    section.problem("swa", "and average both choose the weights that are kept (use one of them)");
  section.value("recalibrate", card.recalibrate, not_negative);
  section.value("patience", card.patience, not_negative);
  section.value("distill", card.distill);
  section.value("temperature", card.distillation.temperature, positive);
  section.value("beta", card.distillation.beta, fraction);
  section.value("teacher_views", card.teacher_views, {.low = 0, .high = 1024});
  section.value("noise_aware", card.noise_aware);
  section.value("chips", card.chips, {.low = 1, .high = 1024});
  section.value("weight_noise", card.weight_noise, fraction);
  section.card("bit_errors", card.bit_errors);
  section.value("curriculum", card.curriculum, not_negative);
  section.value("clip", card.clip, not_negative);
  section.optional_section("freeze",
                           [&](Section& inner) { describe(inner, card.freeze.emplace()); });
  check_views(section, card);
  check_freeze(section, card);
  check_products(section, card);
}

TrainResult train(Network& network, const Dataset& data, const SeededTraining& training,
                  const TrainHelpers& helpers) {
  const TrainCard& card = training.card;
  check(data, card, helpers);
  Trainer trainer(network, data, training, helpers);
  Checkpoint state{.seed = training.seed,
                   .batch = card.batch,
                   .precision = card.precision,
                   .identity = helpers.identity};
  TrainResult& result = state.result;
  if (!helpers.checkpoint.empty() && std::filesystem::exists(helpers.checkpoint)) {
    state = load_checkpoint(helpers.checkpoint, network, state);
    trainer.restore(state);
    result.resumed = static_cast<int>(result.epochs.size());
  }
  ProgressSink& sink = *helpers.progress;
  Progress progress(sink, "train " + network.graph().name,
                    static_cast<std::int64_t>(data.train.size()) * card.epochs, "images");
  progress.advance(static_cast<std::int64_t>(data.train.size() * result.epochs.size()));
  for (int epoch = static_cast<int>(result.epochs.size()); epoch < card.epochs; ++epoch) {
    if (out_of_patience(result, card.patience)) break;  // a checkpoint may have ended so
    EpochRecord record = trainer.epoch(epoch, progress);
    if (sink.cancelled()) break;
    Weights better;
    record.validation_accuracy = trainer.validate(best_of(result), better);
    require_finite(record.loss, better, network.graph().name, epoch);
    result.epochs.push_back(record);
    if (!better.empty()) {
      result.best_epoch = epoch;
      state.best = std::move(better);
    }
    progress.advance(0, epoch_text(result, data, card.epochs));
    if (!helpers.checkpoint.empty()) {
      trainer.save(state);
      save_checkpoint(helpers.checkpoint, network, state);
    }
  }
  if (result.best_epoch >= 0) set_weights(network, state.best);
  result.own_changes = trainer.own_changes();
  result.frozen = trainer.frozen();
  return result;
}

}  // namespace lightloom::nn

#include "experiments/studies/in_the_loop.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>

#include "core/error.hpp"
#include "cosim/analog/staged_chip.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/studies/accuracy/chip_accuracy.hpp"
#include "experiments/studies/loop_state.hpp"
#include "nn/graph/graph_cut.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/train/measured_part.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

// Noise is drawn by the numbers of images. Those that are tested have numbers from 0.
constexpr std::uint64_t first_training_number = std::uint64_t{1} << 32;
constexpr std::uint64_t first_validation_number = std::uint64_t{1} << 40;

/// The images to fine-tune with where they are not all.
nn::Dataset first_images(const nn::Dataset& data, int images) {
  if (images == 0) return {};
  nn::Dataset some = data;
  nn::keep_first(some.train, static_cast<std::size_t>(images));
  return some;
}

std::uint64_t seed_of_stage(const Experiment& card, std::size_t stage) {
  return card.seed + ((static_cast<std::uint64_t>(stage) + 1) << 32);
}

/// One fine-tuning from stage to stage. Refers to all it is given.
class Loop {
 public:
  Loop(nn::Network& network, const nn::Dataset& data, const Experiment& card,
       const LoopHelpers& helpers);
  /// All stages that are left.
  LoopResult finish();

 private:
  [[nodiscard]] ChipRun chip_run() const;
  [[nodiscard]] double on_chip(const nn::ImageSet& set);
  void measure_before();
  void take_up();
  void stage();
  void train_rest(LoopStage& stage);
  [[nodiscard]] std::string identity_of_stage(std::size_t number) const;
  void drop_former(const std::string& file) const;
  void keep() const;

  nn::Network& network_;
  const Experiment& card_;
  const LoopHelpers& helpers_;
  const nn::Dataset& all_;
  nn::Dataset fewer_;
  const nn::Dataset& data_;  // to fine-tune with: all of it or fewer training images
  std::vector<int> layers_;  // nodes
  cosim::Chip chip_;
  cosim::StagedChip staged_;
  std::size_t training_lot_ = 0, validation_lot_ = 0;
  LoopResult result_;
};

Loop::Loop(nn::Network& network, const nn::Dataset& data, const Experiment& card,
           const LoopHelpers& helpers)
    : network_(network),
      card_(card),
      helpers_(helpers),
      all_(data),
      fewer_(first_images(data, card.loop->images)),
      data_(card.loop->images == 0 ? all_ : fewer_),
      layers_(nn::weight_nodes(network.graph())),
      chip_(helpers.core, network, card.hardware.generator,
            {card.seed, static_cast<std::uint32_t>(card.loop->chip)}),
      staged_(chip_, network, all_, card.calibration_images),
      result_{.chip = card.loop->chip, .seed = card.seed, .stages = {}} {
  require(!layers_.empty(), "in_the_loop has nothing to write to a chip ('{}' has no weights)",
          network.graph().name);
  const nn::AugmentationDraw draw{card.loop->training.augment, card.seed, 0};
  training_lot_ = staged_.add({.set = data_.train,
                               .images = data_.train.size(),
                               .first_number = first_training_number,
                               .views = card.loop->views,
                               .draw = draw});
  validation_lot_ = staged_.add({.set = data_.validation,
                                 .images = data_.validation.size(),
                                 .first_number = first_validation_number});
}

ChipRun Loop::chip_run() const {
  return {.core = helpers_.core,
          .generator = card_.hardware.generator,
          .seed = card_.seed,
          .images = card_.calibration_images,
          .first = card_.loop->chip};
}

/// The whole network on a chip of its own, which is the same one.
double Loop::on_chip(const nn::ImageSet& set) {
  if (set.size() == 0) return std::numeric_limits<double>::quiet_NaN();
  return evaluate_chip(network_, all_, chip_run(), set).accuracy;
}

void Loop::measure_before() {
  result_.validation_before = on_chip(data_.validation);
  result_.test_before = on_chip(data_.test);
}

std::string Loop::identity_of_stage(std::size_t number) const {
  return helpers_.identity + fmt::format("stage of fine-tuning in the loop: {}", number);
}

/// A kill between the end of a stage and the removal of its checkpoint leaves that.
void Loop::drop_former(const std::string& file) const {
  const std::size_t number = result_.stages.size();
  if (file.empty() || number == 0 || !fs::exists(file)) return;
  if (text_attribute(read_labelled(file), "identity") == identity_of_stage(number - 1))
    fs::remove(file);
}

void Loop::take_up() {
  LoopState state = load_loop_state(helpers_.checkpoint, helpers_.identity);
  nn::set_weights(network_, state.weights);
  result_.stages = std::move(state.result.stages);
  result_.validation_before = state.result.validation_before;
  result_.test_before = state.result.test_before;
  result_.resumed = static_cast<int>(result_.stages.size());
}

void Loop::keep() const {
  if (helpers_.checkpoint.empty()) return;
  save_loop_state(helpers_.checkpoint, {helpers_.identity, result_, nn::weights_of(network_)});
  fs::remove(helpers_.checkpoint + ".stage");
}

/// Trains what is not on the chip and keeps it where the validation images say so.
void Loop::train_rest(LoopStage& stage) {
  const nn::MeasuredPart measured{.cut = staged_.cut(),
                                  .train = staged_.values(training_lot_),
                                  .validation = staged_.values(validation_lot_),
                                  .views = card_.loop->views,
                                  .seed = card_.seed};
  const bool chooses = data_.validation.size() > 0;
  stage.before = stage.after = chooses
                                   ? nn::validation_accuracy(network_, data_.validation, measured)
                                   : std::numeric_limits<double>::quiet_NaN();
  const std::vector<bool> trained = nn::trained_parameters(network_, &measured.cut);
  if (std::find(trained.begin(), trained.end(), true) == trained.end()) return;
  const nn::Weights before = nn::weights_of(network_);
  const std::size_t number = result_.stages.size();
  const std::string file = helpers_.checkpoint.empty() ? "" : helpers_.checkpoint + ".stage";
  drop_former(file);
  const nn::TrainResult training =
      nn::train(network_, data_, {card_.loop->training, seed_of_stage(card_, number)},
                {.teacher = helpers_.teacher,
                 .measured = &measured,
                 .checkpoint = file,
                 .identity = identity_of_stage(number),
                 .progress = &helpers_.progress});
  if (helpers_.progress.cancelled())
    throw Failure(file.empty() ? "interrupted during fine-tuning in the loop"
                               : fmt::format("interrupted during fine-tuning in the loop (the same "
                                             "command goes on from '{}')",
                                             helpers_.checkpoint));
  if (training.best_epoch < 0) return;
  const double best =
      training.epochs[static_cast<std::size_t>(training.best_epoch)].validation_accuracy;
  if (chooses && best <= stage.before) return nn::set_weights(network_, before);
  stage.after = chooses ? best : stage.after;
  stage.kept_epoch = training.best_epoch + 1;
}

void Loop::stage() {
  const int group = card_.loop->group, all = static_cast<int>(layers_.size());
  const int done = result_.stages.empty() ? 0 : result_.stages.back().layers;
  LoopStage stage{.layers = std::min(all, done + std::min(all, group))};
  staged_.advance(nn::cut_behind(network_.graph(),
                                 std::span(layers_).first(static_cast<std::size_t>(stage.layers))),
                  helpers_.progress);
  train_rest(stage);
  result_.stages.push_back(stage);
  keep();
}

LoopResult Loop::finish() {
  if (!helpers_.checkpoint.empty() && fs::exists(helpers_.checkpoint))
    take_up();
  else
    measure_before();
  const int all = static_cast<int>(layers_.size());
  while (result_.stages.empty() || result_.stages.back().layers < all) stage();
  result_.validation_after = on_chip(data_.validation);
  result_.test_after = on_chip(data_.test);
  return result_;
}

}  // namespace

LoopResult fine_tune_in_the_loop(nn::Network& network, const nn::Dataset& data,
                                 const Experiment& card, const LoopHelpers& helpers) {
  return Loop(network, data, card, helpers).finish();
}

}  // namespace lightloom::experiments

#include "experiments/studies/workbench.hpp"

#include <omp.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/progress.hpp"
#include "cosim/analog/chip.hpp"
#include "experiments/cards/input_files.hpp"
#include "experiments/cards/section_keys.hpp"
#include "experiments/results/files/build_info.hpp"
#include "experiments/studies/accuracy/calibrated_chips.hpp"
#include "experiments/studies/accuracy/training_chips.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "nn/freeze/frozen_part.hpp"
#include "nn/inference/evaluate.hpp"
#include "nn/inference/inference.hpp"
#include "nn/io/torch_names.hpp"
#include "nn/io/weight_arrays.hpp"
#include "nn/models/models.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/onnx/named_weights.hpp"
#include "nn/train/checkpoint.hpp"

namespace lightloom::experiments {
namespace {

constexpr std::size_t most_cached = 64;

template <class Value, class Make>
std::shared_ptr<const Value> cached(std::map<std::string, std::shared_ptr<const Value>>& cache,
                                    const std::string& key, Make make) {
  const auto found = cache.find(key);
  if (found != cache.end()) return found->second;
  if (cache.size() >= most_cached) cache.clear();
  auto made = std::make_shared<const Value>(make());
  cache[key] = made;
  return made;
}

/// A training that was cut short is no result.
nn::TrainResult train_fully(nn::Network& network, const nn::Dataset& data,
                            const nn::SeededTraining& training, const nn::TrainHelpers& helpers) {
  nn::TrainResult result = nn::train(network, data, training, helpers);
  if (!helpers.progress->cancelled()) return result;
  if (helpers.checkpoint.empty()) throw Failure("interrupted during training");
  if (!std::filesystem::exists(helpers.checkpoint))
    throw Failure(
        "interrupted during training, before its first epoch had ended (nothing is kept of it; the "
        "same command begins it anew)");
  throw Failure(fmt::format("interrupted during training (the same command goes on from '{}')",
                            helpers.checkpoint));
}

/// What a file's nodes hold, for a graph that has `more` nodes behind its input than the file's.
void shift_nodes(int more, nn::onnx::Imported& file) {
  const auto shifted = [more](auto& values) {
    std::remove_reference_t<decltype(values)> moved;
    for (auto& [node, one] : values) moved.emplace(node + more, std::move(one));
    values = std::move(moved);
  };
  if (more == 0) return;
  shifted(file.layers);
  shifted(file.norms);
}

/// A file's numbers, for a network on its graph.
void give_file(nn::onnx::Imported file, nn::Network& network) {
  shift_nodes(static_cast<int>(network.graph().nodes.size() - file.graph.nodes.size()), file);
  nn::onnx::give_weights(std::move(file), network);
}

/// Weights of our own HDF5 files, or of another program's with PyTorch's names; for a network of an
/// ONNX file under our names or that file's.
void load_any_weights(const std::string& path, const std::string& model, nn::Network& network) {
  if (!nn::is_foreign_weights(path)) return nn::load_weights(path, network);
  const std::vector<nn::NamedArray> arrays = nn::read_weight_arrays(path);
  try {
    if (nn::is_onnx(model) && nn::onnx::has_names_of(model, arrays, nn::own_names(arrays, network)))
      give_file(nn::onnx::import_with_weights(model, arrays), network);
    else
      nn::import_torch(arrays, network);
  } catch (const Error& problem) {
    throw Error(fmt::format("'{}': {}", path, problem.what()));
  }
}

std::string loop_identity(const Experiment& card) {
  return student_identity(card.resolved, TrainedThrough::loop);
}

TrainedThrough trained_through(const Experiment& card) {
  return card.training.student.noise_aware ? TrainedThrough::core : TrainedThrough::nothing;
}

/// Before anything is trained: the student's training may begin hours after the teacher's.
void require_precisions(const Experiment& card) {
  const TrainingCard& training = card.training;
  if (!card.network.weights_file.empty()) return;
  if (card.loop) nn::require_precision(card.loop->training.precision, "in_the_loop.precision");
  if (card.loop && !card.loop->file.empty()) return;
  if (training.needs_teacher() && training.teacher_file.empty() && training.teacher.epochs > 0)
    nn::require_precision(training.teacher.precision, "teacher.precision");
  if (training.student.epochs > 0)
    nn::require_precision(training.student.precision, "train.precision");
}

}  // namespace

Outcomes digital_outcomes(nn::Network& network, const nn::ImageSet& test) {
  nn::Inference inference(network);
  return outcomes_of(nn::evaluate(inference, test).predictions, test.labels);
}

double digital_accuracy(nn::Network& network, const nn::ImageSet& test) {
  return accuracy_of(digital_outcomes(network, test));
}

Workbench::FilePtr Workbench::network_file(const std::string& path) {
  return cached(files_, path, [&] { return nn::onnx::import_model(path); });
}

Workbench::GraphPtr Workbench::graph(const Experiment& card) {
  const std::lock_guard lock(graphs_and_layers_);
  const std::string& model = card.network.model;
  return cached(graphs_, card.keys.graph, [&] {
    const nn::DatasetShape data = nn::shape_of(card.network.dataset);
    return nn::is_onnx(model) ? nn::fitted_graph(network_file(model)->graph, model, data)
                              : nn::build_graph(model, data);
  });
}

std::unique_ptr<nn::Network> Workbench::make_network(const Experiment& card,
                                                     const nn::SourceCard& weights,
                                                     nn::InitialWeights initial) {
  return std::make_unique<nn::Network>(*graph(card), weights, card.seed, initial);
}

/// With random weights, or those of the file that the network came from.
std::unique_ptr<nn::Network> Workbench::make_float_network(const Experiment& card) {
  if (!nn::is_onnx(card.network.model))
    return make_network(card, nn::SourceCard{}, nn::InitialWeights::drawn);
  auto network = make_network(card, nn::SourceCard{}, nn::InitialWeights::none);
  give_file(*network_file(card.network.model), *network);
  return network;
}

/// Trains the student; through tensor cores of its own if the card wants it to get used to their
/// noise and to how chips differ.
nn::TrainResult Workbench::train_student(nn::Network& student, const Experiment& card,
                                         nn::TrainHelpers helpers) {
  const DatasetPtr data = dataset(card);
  std::optional<TrainingChips> chips;
  if (card.training.student.noise_aware) {
    chips.emplace(student, *data, card);
    helpers.engines = chips->engines();
  }
  return train_fully(student, *data, {card.training.student, card.seed}, helpers);
}

Workbench::DatasetPtr Workbench::dataset(const Experiment& card) {
  return cached(datasets_, card.keys.data,
                [&] { return nn::load_dataset(card.network.dataset, card.data_seed); });
}

const SharedImages& Workbench::shared_images(const Experiment& card) {
  return *cached(shared_, card.keys.data,
                 [&] { return experiments::shared_images(*dataset(card)); });
}

void Workbench::keep_checkpoints(const Experiment& card, const std::string& path) {
  const std::string float_path = path + ".float";
  checkpoint_lock_ = std::make_unique<FileLock>(path);
  require_writable(float_path);
  require_precisions(card);
  inputs_ = input_files_text(card.resolved);
  nn::require_own_checkpoint(float_path, float_identity(card.resolved) + inputs_);
  nn::require_own_checkpoint(path,
                             student_identity(card.resolved, trained_through(card)) + inputs_);
  if (card.loop) {
    loop_checkpoint_ = path + ".loop";
    require_writable(loop_checkpoint_);
    require_writable(loop_checkpoint_ + ".stage");
    require_own_loop_state(loop_checkpoint_, loop_identity(card) + inputs_);
  }
  checkpoint_ = path;
  float_checkpoint_ = float_path;
}

void Workbench::keep_trainings(const std::string& folder) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  require(!problem, "the folder of trainings '{}' cannot be made ({})", folder, problem.message());
  trainings_ = folder;
}

/// `named`: a checkpoint that the user asked for.
Workbench::Kept Workbench::kept(const Experiment& card, const std::string& named,
                                const std::string& identity) const {
  if (trainings_.empty()) return {.path = named, .identity = identity + inputs_, .lock = {}};
  Kept place{.path = {}, .identity = identity + input_files_text(card.resolved), .lock = {}};
  const BuildInfo build = build_info();
  place.path = fmt::format("{}/{}.h5", trainings_,
                           text_hash(fmt::format("{}\n{}\n{}\n{}", place.identity, build.version,
                                                 build.git_revision, omp_get_max_threads())));
  while (!place.lock) try {
      place.lock = std::make_unique<FileLock>(place.path);
    } catch (const FileBusy&) {
      if (progress_.cancelled()) throw Failure("interrupted while another process trains");
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  return place;
}

Workbench::NetworkPtr Workbench::teacher(const Experiment& card) {
  return cached(networks_, card.keys.float_network, [&] {
    require_precisions(card);
    TrainedNetwork teacher{.network = make_float_network(card), .history = {}};
    if (!card.training.teacher_file.empty())
      load_any_weights(card.training.teacher_file, card.network.model, *teacher.network);
    else if (const Kept place = kept(card, float_checkpoint_, float_identity(card.resolved)); true)
      teacher.history = train_fully(
          *teacher.network, *dataset(card), {card.training.teacher, card.seed},
          {.checkpoint = place.path, .identity = place.identity, .progress = &progress_});
    return teacher;
  });
}

const Outcomes& Workbench::teacher_outcomes(const Experiment& card, const nn::ImageSet& test) {
  return *cached(outcomes_, card.keys.float_network,
                 [&] { return digital_outcomes(*teacher(card)->network, test); });
}

/// Without fine-tuning in the loop.
TrainedNetwork Workbench::trained_student(const Experiment& card) {
  TrainedNetwork student{
      .network = make_network(card, card.network.weights, nn::InitialWeights::none), .history = {}};
  const bool begun = card.network.weights_file.empty() && card.loop && !card.loop->file.empty();
  const std::string& file = begun ? card.loop->file : card.network.weights_file;
  if (!file.empty()) {
    load_any_weights(file, card.network.model, *student.network);
    return student;
  }
  const std::optional<nn::FreezeCard>& freeze = card.training.student.freeze;
  if (freeze && card.training.student.epochs > 0)  // or refuse it before the teacher is trained
    nn::plan_freeze(*student.network, *freeze, dataset(card)->train.size());
  const NetworkPtr float_network = card.training.needs_teacher() ? teacher(card) : nullptr;
  if (card.training.student_file.empty())
    nn::copy_weights(*float_network->network, *student.network);
  else
    load_any_weights(card.training.student_file, card.network.model, *student.network);
  if (card.training.student.epochs == 0) return student;
  const Kept place =
      kept(card, checkpoint_, student_identity(card.resolved, trained_through(card)));
  student.history =
      train_student(*student.network, card,
                    {.teacher = float_network ? float_network->network.get() : nullptr,
                     .checkpoint = place.path,
                     .identity = place.identity,
                     .progress = &progress_});
  return student;
}

LoopResult Workbench::fine_tuned(nn::Network& student, const Experiment& card) {
  const auto core = make_chips(card.hardware.core, card.calibration);
  const bool distills = card.loop->training.distill;
  const Kept place = kept(card, loop_checkpoint_, loop_identity(card));
  return fine_tune_in_the_loop(student, *dataset(card), card,
                               {.core = *core,
                                .teacher = distills ? teacher(card)->network.get() : nullptr,
                                .checkpoint = place.path,
                                .identity = place.identity,
                                .progress = progress_});
}

Workbench::NetworkPtr Workbench::student(const Experiment& card) {
  return cached(networks_, card.keys.student, [&] {
    if (card.loop) require_classes(card, "in_the_loop");
    TrainedNetwork student = trained_student(card);
    if (card.loop && card.network.weights_file.empty())
      student.loop = fine_tuned(*student.network, card);
    return student;
  });
}

Workbench::LayersPtr Workbench::layers(const Experiment& card) {
  const std::lock_guard lock(graphs_and_layers_);
  return cached(layers_, card.keys.layers,
                [&] { return source_layers(*graph(card), card.network); });
}

Workbench::RatiosPtr Workbench::ratios(const Experiment& card) {
  const std::lock_guard lock(graphs_and_layers_);
  return cached(ratios_, card.keys.layers, [&] {
    const nn::NetworkShape shape = nn::network_shape(*graph(card));
    std::vector<nn::Ratio> ratios;
    for (const nn::SourceCard& weights : sources(card.network))
      ratios.push_back(nn::ratio_of(shape, weights));
    return ratios;
  });
}

}  // namespace lightloom::experiments

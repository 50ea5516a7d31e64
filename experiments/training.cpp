#include "experiments/training.hpp"

#include "core/error.hpp"
#include "core/progress.hpp"
#include "experiments/chip_accuracy.hpp"
#include "nn/io/torch_names.hpp"
#include "nn/models.hpp"
#include "nn/onnx/import.hpp"
#include "nn/weights_file.hpp"

namespace lightloom::experiments {
namespace {

constexpr std::size_t most_cached = 64;
constexpr std::uint32_t training_chip = 1u << 31;  // never one of the chips that are evaluated

/// The text of some sections of a resolved card: equal texts mean equal work.
std::string text_of(const Experiment& card, std::initializer_list<const char*> keys) {
  Tree part = Tree::mapping();
  for (const char* key : keys)
    if (const Tree* found = card.resolved.find(key)) part.at_or_add(key) = *found;
  return to_yaml(part);
}

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

/// A training that Ctrl-C cut short is no result.
nn::TrainResult train_fully(nn::Network& network, const nn::Dataset& data,
                            const nn::TrainCard& card, std::uint64_t seed,
                            const nn::TrainHelpers& helpers = {}) {
  nn::TrainResult result = nn::train(network, data, card, seed, helpers);
  if (interrupted()) throw Failure("interrupted during training");
  return result;
}

std::unique_ptr<nn::Network> make_network(const Experiment& card, const nn::SourceCard& weights,
                                          nn::InitialWeights initial) {
  return std::make_unique<nn::Network>(
      nn::build_graph(card.network.model, card.network.dataset.name), weights, card.seed, initial);
}

/// With random weights, or those of the ONNX file that the network came from.
std::unique_ptr<nn::Network> make_float_network(const Experiment& card) {
  if (!nn::is_onnx(card.network.model))
    return make_network(card, nn::SourceCard{}, nn::InitialWeights::drawn);
  auto network = make_network(card, nn::SourceCard{}, nn::InitialWeights::none);
  nn::onnx::give_weights(nn::onnx::import_model(card.network.model), *network);
  return network;
}

/// Weights of our own HDF5 files, or of a safetensors file with PyTorch's names.
void load_any_weights(const std::string& path, nn::Network& network) {
  if (path.ends_with(".safetensors"))
    nn::import_torch(nn::read_safetensors(path), network);
  else
    nn::load_weights(path, network);
}

/// Trains the student; through a tensor core of its own if the card wants it to get used to the
/// noise.
nn::TrainResult train_student(nn::Network& student, nn::Network& teacher, const nn::Dataset& data,
                              const Experiment& card) {
  nn::TrainHelpers helpers{.teacher = &teacher};
  if (!card.training.student.noise_aware)
    return train_fully(student, data, card.training.student, card.seed, helpers);
  const auto core = photonic::make_core(card.hardware.core);
  Chip chip(*core, student, card, training_chip);
  nn::Inference before(student, &chip.engine());
  chip.calibrate(before, data, card.calibration_images);
  helpers.engine = &chip.engine();
  return train_fully(student, data, card.training.student, card.seed, helpers);
}

}  // namespace

Workbench::DatasetPtr Workbench::dataset(const Experiment& card) {
  return cached(datasets_, text_of(card, {"dataset", "seed"}),
                [&] { return nn::load_dataset(card.network.dataset, card.seed); });
}

Workbench::NetworkPtr Workbench::teacher(const Experiment& card) {
  return cached(networks_, text_of(card, {"dataset", "model", "teacher", "seed"}), [&] {
    TrainedNetwork teacher{.network = make_float_network(card), .history = {}};
    if (!card.training.teacher_file.empty())
      load_any_weights(card.training.teacher_file, *teacher.network);
    else
      teacher.history =
          train_fully(*teacher.network, *dataset(card), card.training.teacher, card.seed);
    return teacher;
  });
}

Workbench::NetworkPtr Workbench::student(const Experiment& card) {
  std::string key = text_of(card, {"dataset", "model", "weights", "teacher", "train", "seed"});
  if (card.training.student.noise_aware)
    key += text_of(card, {"core", "generator", "calibration_images"});
  return cached(networks_, key, [&] {
    TrainedNetwork student{
        .network = make_network(card, card.network.weights, nn::InitialWeights::none),
        .history = {}};
    if (!card.network.weights_file.empty()) {
      load_any_weights(card.network.weights_file, *student.network);
      return student;
    }
    const NetworkPtr float_network = teacher(card);
    nn::copy_weights(*float_network->network, *student.network);
    if (card.training.student.epochs > 0)
      student.history =
          train_student(*student.network, *float_network->network, *dataset(card), card);
    return student;
  });
}

}  // namespace lightloom::experiments

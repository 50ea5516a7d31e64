#include "nn/train/checkpoint.hpp"

#include <filesystem>
#include <functional>
#include <sstream>

#include "core/error.hpp"
#include "core/files/labelled.hpp"

namespace lightloom::nn {
namespace {

using Numbered = std::vector<std::vector<float>>;

void add_named(Labelled& file, const std::string& prefix, const Weights& weights) {
  for (const NamedValues& one : weights) add_vector(file, prefix + one.name, one.values);
}

void add_numbered(Labelled& file, const std::string& prefix, const Numbered& vectors) {
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    if (!vectors[i].empty()) add_vector(file, prefix + std::to_string(i), vectors[i]);
  }
  file.attributes[prefix + "count"] = static_cast<std::int64_t>(vectors.size());
}

Weights named(const Labelled& file, const std::string& prefix) {
  Weights weights;
  for (const Variable& variable : file.variables) {
    const auto* values = std::get_if<std::vector<float>>(&variable.values);
    if (values != nullptr && variable.name.starts_with(prefix)) {
      weights.push_back({variable.name.substr(prefix.size()), *values});
    }
  }
  return weights;
}

std::int64_t number(const Labelled& file, const std::string& key) {
  const auto found = file.attributes.find(key);
  require(found != file.attributes.end() && std::holds_alternative<std::int64_t>(found->second),
          "not a training checkpoint (it lacks '{}')", key);
  return std::get<std::int64_t>(found->second);
}

Numbered numbered(const Labelled& file, const std::string& prefix) {
  const std::int64_t count = number(file, prefix + "count");
  require(count >= 0 && count < 1'000'000, "the checkpoint is damaged");
  Numbered vectors(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    const Variable* one = file.variable(prefix + std::to_string(i));
    if (one == nullptr) continue;
    const auto* values = std::get_if<std::vector<float>>(&one->values);
    require(values != nullptr, "the checkpoint is damaged");
    vectors[i] = *values;
  }
  return vectors;
}

/// Calls visit(name, member) for the columns of the epochs' table.
void visit_columns(const std::function<void(const char*, double EpochRecord::*)>& visit) {
  visit("rate", &EpochRecord::rate);
  visit("loss", &EpochRecord::loss);
  visit("train_accuracy", &EpochRecord::train_accuracy);
  visit("validation_accuracy", &EpochRecord::validation_accuracy);
}

void add_epochs(Labelled& file, const TrainResult& result) {
  std::vector<std::int64_t> epochs;
  for (std::size_t i = 0; i < result.epochs.size(); ++i) {
    epochs.push_back(static_cast<std::int64_t>(i));
  }
  file.add_axis({.name = "epoch", .values = std::move(epochs)});
  visit_columns([&](const char* name, double EpochRecord::*member) {
    std::vector<double> column;
    for (const EpochRecord& record : result.epochs) column.push_back(record.*member);
    file.add({.name = name, .axes = {"epoch"}, .values = std::move(column)});
  });
}

TrainResult epochs_of(const Labelled& file) {
  TrainResult result{.best_epoch = static_cast<int>(number(file, "best_epoch"))};
  visit_columns([&](const char* name, double EpochRecord::*member) {
    const Variable* column = file.variable(name);
    const auto* values =
        column == nullptr ? nullptr : std::get_if<std::vector<double>>(&column->values);
    require(values != nullptr, "the checkpoint is damaged (it lacks '{}')", name);
    result.epochs.resize(values->size());
    for (std::size_t i = 0; i < values->size(); ++i) result.epochs[i].*member = (*values)[i];
  });
  return result;
}

std::string text(const Labelled& file, const std::string& key) {
  const auto found = file.attributes.find(key);
  const auto* value =
      found == file.attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
  require(value != nullptr, "it is not a training checkpoint (it lacks '{}')", key);
  return *value;
}

std::string own_changes_of(std::size_t layer) { return fmt::format("own_changes_{}", layer); }

/// Files of earlier versions lack them, which matters where a source has a rule of its own.
std::vector<std::int64_t> own_changes(const Labelled& file, const Network& network) {
  const std::size_t layers = network.weight_layers().size();
  std::vector<std::int64_t> changes(layers);
  if (!file.attributes.contains("own_steps")) {
    require(network.source_card().source != "smart_deal",
            "an earlier version wrote it without the changes that training_ledger counts");
    return changes;
  }
  for (std::size_t i = 0; i < layers; ++i) changes[i] = number(file, own_changes_of(i));
  return changes;
}

/// float32 where the version that wrote it knew no other.
Precision precision_of(const Labelled& file) {
  const bool says = file.attributes.contains("precision");
  return says && text(file, "precision") == precision_name(Precision::bfloat16)
             ? Precision::bfloat16
             : Precision::float32;
}

std::string trimmed(const std::string& line) {
  const std::size_t first = line.find_first_not_of(' ');
  return first == std::string::npos ? "" : line.substr(first);
}

/// Throws `Error` with the first line that differs.
void require_same(const std::string& saved, const std::string& own) {
  std::istringstream there(saved), here(own);
  std::string old_line, new_line;
  while (true) {
    const bool more = static_cast<bool>(std::getline(there, old_line));
    const bool also = static_cast<bool>(std::getline(here, new_line));
    if (!more && !also) return;
    require(more == also && old_line == new_line,
            "it belongs to another card (there '{}', here '{}')", more ? trimmed(old_line) : "",
            also ? trimmed(new_line) : "");
  }
}

template <class Read>
auto or_cannot_resume(const std::string& path, Read read) {
  try {
    return read(read_labelled(path));
  } catch (const Error& problem) {
    throw Error(fmt::format("cannot resume from '{}': {} (remove it to start again)", path,
                            problem.what()));
  }
}

}  // namespace

void require_own_checkpoint(const std::string& path, const std::string& identity) {
  if (!std::filesystem::exists(path)) return;
  or_cannot_resume(path, [&](const Labelled& file) {
    require(text(file, "kind") == "checkpoint", "it is not a training checkpoint");
    require_same(text(file, "identity"), identity);
  });
}

void save_checkpoint(const std::string& path, const Network& network, const Checkpoint& state) {
  Labelled file;
  file.attributes["kind"] = std::string("checkpoint");
  file.attributes["model"] = network.graph().name;
  file.attributes["source"] = network.source_card().source;
  file.attributes["seed"] = static_cast<std::int64_t>(state.seed);
  file.attributes["batch"] = state.batch;
  file.attributes["precision"] = std::string(precision_name(state.precision));
  file.attributes["step"] = state.step;
  file.attributes["identity"] = state.identity;
  file.attributes["averaged"] = state.averaged;
  file.attributes["best_epoch"] = std::int64_t{state.result.best_epoch};
  file.attributes["optimizer_steps"] = state.optimizer.steps;
  add_epochs(file, state.result);
  add_named(file, "now.", state.now);
  add_named(file, "best.", state.best);
  add_numbered(file, "first_", state.optimizer.first);
  add_numbered(file, "second_", state.optimizer.second);
  add_numbered(file, "average_", state.average);
  file.attributes["own_steps"] = state.own_steps;
  for (std::size_t i = 0; i < state.own_changes.size(); ++i)
    file.attributes[own_changes_of(i)] = state.own_changes[i];
  write_labelled(path, file);
}

Checkpoint load_checkpoint(const std::string& path, const Network& network,
                           const Checkpoint& expected) {
  return or_cannot_resume(path, [&](const Labelled& file) {
    require(text(file, "kind") == "checkpoint", "it is not a training checkpoint");
    require(text(file, "model") == network.graph().name, "it belongs to another model");
    Checkpoint state{
        .seed = static_cast<std::uint64_t>(number(file, "seed")),
        .batch = number(file, "batch"),
        .precision = precision_of(file),
        .step = number(file, "step"),
        .identity = text(file, "identity"),
        .result = epochs_of(file),
        .now = named(file, "now."),
        .best = named(file, "best."),
        .optimizer = {number(file, "optimizer_steps"), numbered(file, "first_"),
                      numbered(file, "second_")},
        .average = numbered(file, "average_"),
        .averaged = number(file, "averaged"),
        .own_changes = own_changes(file, network),
        .own_steps = file.attributes.contains("own_steps") ? number(file, "own_steps") : 0};
    require(state.seed == expected.seed, "it was trained with seed {}", state.seed);
    require(state.batch == expected.batch, "it was trained with batch {}", state.batch);
    require(state.precision == expected.precision, "it was trained in {}",
            precision_name(state.precision));
    require_same(state.identity, expected.identity);
    return state;
  });
}

}  // namespace lightloom::nn

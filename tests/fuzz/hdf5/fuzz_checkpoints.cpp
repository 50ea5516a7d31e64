// Checkpoints of a training.
#include "nn/network/weights_file.hpp"
#include "nn/train/checkpoint.hpp"
#include "tests/fuzz/hdf5/identifiers.hpp"
#include "tests/fuzz/hdf5/labelled_edits.hpp"

namespace lightloom::fuzz {
namespace {

constexpr const char* identity = "model: small\nrate: 0.1\n";

/// Few arrays: HDF5 takes its time for each.
nn::Network two_arrays() {
  nn::GraphBuilder builder("small", {1, 1, 3});
  builder.linear("fc", 0, 2, true);
  return {std::move(builder).finish(), {}, 1};
}

Labelled checkpoint() {
  nn::Network network = two_arrays();
  nn::Checkpoint state{.seed = 7, .batch = 50, .step = 4, .identity = identity};
  state.result.epochs.resize(2);
  state.now = state.best = nn::weights_of(network);
  for (const nn::Parameter* one : network.parameters()) {
    state.optimizer.first.emplace_back(one->value.size());
    state.optimizer.second.emplace_back(one->value.size());
  }
  state.optimizer.steps = 4;
  state.own_changes.resize(network.weight_layers().size());
  nn::save_checkpoint("base.h5", network, state);
  return read_labelled("base.h5");
}

}  // namespace

void read_input(Input input) {
  static const Labelled base = checkpoint();
  static nn::Network network = two_arrays();
  const NoIdentifiersLeft guard;
  const std::string& path = edited_file(base, input);
  nn::require_own_checkpoint(path, identity);
  const nn::Checkpoint state =
      nn::load_checkpoint(path, network, {.seed = 7, .batch = 50, .identity = identity});
  nn::set_weights(network, state.now);
  nn::set_weights(network, state.best);
}

std::vector<Seed> seeds() { return edit_seeds(); }

}  // namespace lightloom::fuzz

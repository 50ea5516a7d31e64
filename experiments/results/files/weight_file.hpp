#pragma once

#include <map>
#include <string>

#include "experiments/cards/experiment_card.hpp"
#include "nn/network/network.hpp"

namespace lightloom::experiments {

/// Which network a file of weights belongs to and where its weights come from: what the file must
/// say so that it can be read without the card that made it.
struct WeightIdentity {
  std::string model, dataset;
  nn::DatasetShape shape;  // of the data set
  nn::SourceCard weights;
  std::string text;  // the same as YAML: a card of the sections model, dataset {name} and weights
};

/// The text of an identity with other weights: a card of the sections model, dataset and `weights`.
std::string text_with_weights(const WeightIdentity& identity, const Tree& weights);

/// The identity of a card's own network.
WeightIdentity identity_of(const Experiment& card);
/// Reads the text of an identity. Throws `Error` naming `origin`.
WeightIdentity read_identity(const std::string& text, const std::string& origin);
/// The identity that a file of trained weights holds. Throws `Error` when it holds none.
WeightIdentity identity_in(const std::string& path);

/// The network of an identity, its sources holding nothing yet.
nn::Network empty_network(const WeightIdentity& identity);

/// Weights by the ending of `path`: .safetensors with PyTorch's names, plain as the sources
/// regenerate them; else HDF5, what the sources store, with the texts `about` them.
void save_any_weights(const std::string& path, nn::Network& network,
                      const std::map<std::string, std::string>& about);

/// Trained weights with their identity (a safetensors file has no room for it) and more texts about
/// them.
void save_trained(const std::string& path, nn::Network& network, const WeightIdentity& identity,
                  std::map<std::string, std::string> about = {});

/// All texts about the weights that a file of them holds, its identity among them.
std::map<std::string, std::string> texts_in(const std::string& path);

}  // namespace lightloom::experiments

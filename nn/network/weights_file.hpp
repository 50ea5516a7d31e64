#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/files/labelled.hpp"
#include "nn/network/network.hpp"

namespace lightloom::nn {

/// Everything training changes in a network, by name: parameters of sources, biases, normalisations
/// with their running statistics, activation ranges.
struct NamedValues {
  std::string name;
  std::vector<float> values;
};
using Weights = std::vector<NamedValues>;

/// Adds a vector to a file on the axis of its size, which it adds when needed.
void add_vector(Labelled& file, const std::string& name, std::vector<float> values);

Weights weights_of(Network& network);
/// Throws `Error` naming the first entry that is missing or has another size.
void set_weights(Network& network, const Weights& weights);

/// Writes and reads them as one HDF5 file with the names of model and source as attributes, and
/// those of `about`.
void save_weights(const std::string& path, Network& network,
                  const std::map<std::string, std::string>& about = {});
/// The same for files that are kept: what training holds beyond the stored words is dropped where
/// the sources can (the weights stay the same to the bit), and arrays are deflated. Changes the
/// network so.
void save_rounded_weights(const std::string& path, Network& network,
                          const std::map<std::string, std::string>& about = {});
/// Throws `Error` naming the first entry that is missing, has another size, or holds what is no
/// number or a variance below zero.
void load_weights(const std::string& path, Network& network);

/// The numbers of an array of such a file. Throws `Error` where they are not as `load_weights`
/// wants them; nullptr where the array holds no floats.
const std::vector<float>* weights_in(const std::string& path, const Variable& variable);

}  // namespace lightloom::nn

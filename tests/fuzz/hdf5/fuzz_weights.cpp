// Files of trained weights: which network they belong to, and giving them to one.
#include "experiments/results/files/weight_file.hpp"
#include "nn/network/weights_file.hpp"
#include "tests/fuzz/base/small_network.hpp"
#include "tests/fuzz/hdf5/identifiers.hpp"
#include "tests/fuzz/hdf5/labelled_edits.hpp"

namespace lightloom::fuzz {
namespace {

constexpr const char* identity =
    "model: {name: cnn3}\ndataset: {name: glyphs}\nweights: {source: integer, bits: 3}\n";

Labelled weights() {
  nn::Network network = small_network({.source = "integer", .bits = 3});
  nn::save_weights("base.h5", network, {{"network", identity}});
  return read_labelled("base.h5");
}

}  // namespace

void read_input(Input input) {
  static const Labelled base = weights();
  const NoIdentifiersLeft guard;
  const std::string& path = edited_file(base, input);
  static nn::Network network = small_network({.source = "integer", .bits = 3});
  nn::load_weights(path, network);
  (void)experiments::identity_in(path);
}

std::vector<Seed> seeds() { return edit_seeds(); }

}  // namespace lightloom::fuzz

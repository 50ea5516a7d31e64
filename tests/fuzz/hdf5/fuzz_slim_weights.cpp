// Files of networks of several widths and their gates.
#include "nn/slimmable/slim_file.hpp"
#include "tests/fuzz/hdf5/identifiers.hpp"
#include "tests/fuzz/hdf5/labelled_edits.hpp"
#include "tests/nn/slimmable/small_slim.hpp"

namespace lightloom::fuzz {
namespace {

/// A network of four widths with its gate.
struct Slim {
  nn::SlimmableNetwork network{nn::slim_graph(), nn::slim_two_level(), nn::slim_card(true), 1};
  nn::WidthGate gate{{.channels = 4, .hidden = 4, .choices = 4}, 1};
};

Labelled weights() {
  Slim slim;
  nn::save_slim("base.h5", slim.network, &slim.gate);
  return read_labelled("base.h5");
}

}  // namespace

void read_input(Input input) {
  static const Labelled base = weights();
  static Slim slim;
  const NoIdentifiersLeft guard;
  nn::load_slim(edited_file(base, input), slim.network, &slim.gate);
}

std::vector<Seed> seeds() { return edit_seeds(); }

}  // namespace lightloom::fuzz

// Files of networks of several widths and their gates.
#include "nn/slimmable/slim_file.hpp"
#include "tests/fuzz/hdf5/identifiers.hpp"
#include "tests/fuzz/hdf5/labelled_edits.hpp"
#include "tests/nn/slimmable/small_slim.hpp"

namespace lightloom::fuzz {
namespace {

/// Few arrays: HDF5 takes its time for each.
nn::Graph one_stage() {
  nn::GraphBuilder net("slim", {3, 3, 1});
  net.relu(net.batch_norm("bn.a2", net.convolution("a2", 0, {.channels = 8, .kernel = 1})));
  net.linear("fc", net.global_pool(3), 2, true);
  return std::move(net).finish();
}

nn::SlimCard two_widths() {
  nn::SlimCard card = nn::slim_card(true);
  card.widths = {0.5, 1};
  card.gate->choices = 2;
  return card;
}

/// A network of two widths with its gate.
struct Slim {
  nn::SlimmableNetwork network{one_stage(), nn::slim_two_level(), two_widths(), 1};
  nn::WidthGate gate{{.channels = 4, .hidden = 4, .choices = 2}, 1};
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

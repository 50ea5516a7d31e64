// A card to begin with.
#include <filesystem>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {
namespace {

constexpr const char* first_card =
    R"(# A card of an experiment. What it will do and take:  lightloom check FILE
# Run it:                                            lightloom run FILE
# Every key with its default:                        lightloom inspect FILE
# A line that begins with #key: is another choice: take its # away, and the line above it out.

name: experiment        # of the results, experiment.h5 and experiment.html
summary: What this experiment is to find out.

# The images and the network. `glyphs` are drawn by the program; data/get-datasets fetches others.
dataset: {name: glyphs}
#dataset: {name: fashion-mnist}
model: {name: cnn3}     # lightloom ratio --model '?' lists them; a path ends in .onnx

# Where its weights come from: 4-bit bases that are regenerated on chip, or stored words.
weights: {source: multilevel, intra: 2, cross: 12, bits: {basis: 4, intra: 4, cross: 4}, activations: 8}
#weights: {source: integer, bits: 8, activations: 8}

# Training: of a float network, then of the weights' source, which learns from it.
teacher: {epochs: 4, rate: 0.002}
train: {epochs: 4, rate: 0.002, distill: true}

# The hardware: the tensor core, what regenerates weights, the memories.
core: {card: data/devices/mrr-bank-carrier.yaml, rows: 64, columns: 64}
#core: {card: data/devices/mzi-mesh.yaml, rows: 16, columns: 16}
#core: data/devices/pcm-crossbar.yaml
generator: data/generators/photonic.yaml
#generator: data/generators/electronic.yaml
memory: data/memory/lpddr4-edge.yaml
#memory: data/memory/hbm2-server.yaml
batch: 1                # images that share one loading of the weights
chips: 4                # each with fabrication errors of its own

# What it is compared with, on the same hardware.
baselines: [{source: integer, bits: 8}, {source: integer, bits: 4}, {source: dense}]

# What is found out. Without accuracy nothing is trained, and no images are needed.
measure: [accuracy, cost]
#measure: [cost]

# Any keys, each with a list of values: lightloom sweep FILE computes them all.
#sweep: {core.phase_sigma_rad: [0, 0.001, 0.003], weights.bits.basis: [2, 4, 8]}

seed: 1                 # the same seed gives the same numbers
)";

/// Whether a card in that place would find the shipped ones.
bool finds_shipped_cards(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(resolve_path("data/memory/lpddr4-edge.yaml", path), ignored);
}

Shown do_init(const CommandLine& line, ProgressSink& /*progress*/) {
  at_most_operands(line, 0);
  require(line.settings.empty(), "--set changes a card that is there (edit the new one instead)");
  const std::string path = line.output.empty() ? "experiment.yaml" : line.output;
  std::error_code ignored;
  require(!std::filesystem::is_regular_file(path, ignored),
          "'{}' exists, and lightloom init replaces no card (name another with --output)", path);
  const bool found = finds_shipped_cards(path);
  write_file(path, first_card);
  Shown result{.json = {{"card", path}, {"finds_shipped_cards", found}},
               .text = fmt::format("card: {}\nnext: lightloom check {}\n", path, path)};
  if (!found)
    result.text +=
        "note: the shipped cards (data/devices, ...) are not found from here: call lightloom from "
        "the folder that holds data, or set LIGHTLOOM_SHARE to it\n";
  return result;
}

}  // namespace

extern const Command init_command{.name = "init",
                                  .operand = "",
                                  .summary = "a commented card to begin with (experiment.yaml)",
                                  .endings = card_endings,
                                  .options = {},
                                  .run = do_init};

}  // namespace lightloom::experiments

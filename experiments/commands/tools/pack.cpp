#include <filesystem>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/files/weight_file.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/views/packed_view.hpp"
#include "nn/accounting/ratio.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/packing/pack_network.hpp"

namespace lightloom::experiments {
namespace {

constexpr const char* about_network = "network";

std::string with_ending(const std::string& path, const std::string& ending) {
  const std::size_t dot = path.rfind('.');
  const bool in_name = dot != std::string::npos && path.find('/', dot) == std::string::npos;
  return (in_name ? path.substr(0, dot) : path) + ending;
}

std::string output_of(const CommandLine& line, const std::string& input, const char* ending) {
  std::string output = line.output.empty() ? with_ending(input, ending) : line.output;
  require_outputs(line, {output});
  return output;
}

/// The identity of what unpacking gives: plain weights.
WeightIdentity plain_identity(const WeightIdentity& from) {
  const Tree weights = parse_yaml(
      fmt::format("{{source: dense, fc_bits: 32, activations: {}}}", from.weights.activations),
      "unpacked weights");
  return read_identity(text_with_weights(from, weights), "unpacked weights");
}

/// What packing says besides of any network.
Shown with_ratio(Shown result, const nn::Network& network, const WeightIdentity& identity) {
  const nn::Ratio ratio = nn::ratio_of(network.shape(), identity.weights);
  result.json["counted_bits"] = ratio.memory_bits;
  result.json["memory_ratio"] = ratio.memory_ratio;
  result.text += fmt::format("`ratio` counts {} bits: a memory ratio of {:.4f}\n",
                             ratio.memory_bits, ratio.memory_ratio);
  return result;
}

/// Weights as cards load them, without what training keeps beyond the stored words.
Shown round_off(const std::string& input, const std::string& output, nn::Network& network) {
  nn::save_rounded_weights(output, network, texts_in(input));
  const auto bytes = std::filesystem::file_size(output);
  return {.json = {{"weights", output}, {"bytes", bytes}},
          .text = fmt::format("{}: {} bytes, the same weights without what training keeps beyond "
                              "their stored words\n",
                              output, bytes)};
}

Shown pack(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string input = only_operand(line, "a file of trained weights");
  require(line.settings.empty(), "--set belongs to a card, not to a weight file");
  const WeightIdentity identity = identity_in(input);
  const std::string output = output_of(line, input, ".llw");
  nn::Network network = empty_network(identity);
  nn::load_weights(input, network);
  if (!output.ends_with(".llw"))
    return with_ratio(round_off(input, output, network), network, identity);
  nn::PackedFile file = nn::packed(network);
  file.about[about_network] = identity.text;
  nn::write_packed(output, file);
  return with_ratio(packed_view(output, file), network, identity);
}

Shown unpack(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string input = only_operand(line, "a packed weight file");
  require(line.settings.empty(), "--set belongs to a card, not to a weight file");
  const nn::PackedFile file = nn::read_packed(input);
  const auto about = file.about.find(about_network);
  require(about != file.about.end(),
          "'{}' does not say which network its weights belong to (packed by another program?)",
          input);
  const WeightIdentity identity = read_identity(about->second, input);
  const WeightIdentity plain = plain_identity(identity);
  const std::string output = output_of(line, input, ".h5");
  nn::Network network = empty_network(plain);
  nn::unpack_into(file, identity.weights, network);
  save_trained(output, network, plain);
  return {.json = {{"weights", output},
                   {"model", identity.model},
                   {"dataset", identity.dataset},
                   {"source", identity.weights.source}},
          .text = fmt::format("{}: plain 32-bit weights of {}, regenerated from {}\n", output,
                              identity.model, identity.weights.source)};
}

}  // namespace

extern const Command pack_command{
    .name = "pack",
    .operand = "weights.h5",
    .summary =
        "trained weights as a weight memory holds them, bit by bit, or small for cards (.h5)",
    .endings = {".llw", ".h5", ".hdf5"},
    .options = {},
    .run = pack};

extern const Command unpack_command{
    .name = "unpack",
    .operand = "weights.llw",
    .summary = "a packed file's weights, regenerated, as plain weights",
    .endings = weight_endings,
    .options = {},
    .run = unpack};

}  // namespace lightloom::experiments

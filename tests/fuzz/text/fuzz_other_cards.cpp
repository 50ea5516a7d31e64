// Cards and tables beside experiments, cores and memories: generators, laboratories of `calibrate`,
// published chips of `validate`, lists of layers. The first byte chooses.
#include "calibration/calibration_card.hpp"
#include "core/cards/tree.hpp"
#include "cosim/generator/generator_card.hpp"
#include "experiments/studies/costs/layer_list.hpp"
#include "experiments/studies/validation/chip_card.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {
namespace {

enum Kind : std::uint8_t { generator, laboratory, chip, layers, kinds };

void append_cards(const std::string& folder, Kind kind, std::vector<Seed>& all) {
  for (Seed& seed : shipped_cards(folder)) {
    seed.bytes.insert(seed.bytes.begin(), kind);
    all.push_back(std::move(seed));
  }
}

Bytes list(std::string_view text) {
  Bytes bytes{layers};
  bytes.insert(bytes.end(), text.begin(), text.end());
  return bytes;
}

}  // namespace

void read_input(Input input) {
  if (input.empty()) return;
  const Input rest = input.subspan(1);
  switch (input[0] % kinds) {
    case generator:
      (void)read_card<cosim::GeneratorCard>(parse_yaml(text_of(rest), "generator.yaml"));
      break;
    case laboratory:
      (void)calibration::hidden_chip(parse_yaml(text_of(rest), "laboratory.yaml"));
      break;
    case chip:
      (void)experiments::read_chip(file_of(rest, "chip.yaml"));
      break;
    default:
      demand(!experiments::read_layer_list(text_of(rest), "layers.csv").empty(),
             "a list of layers that is taken has some");
  }
}

std::vector<Seed> seeds() {
  std::vector<Seed> all{
      {"products.csv", list("layer,M,K,N\nfc1,1,784,128\nfc2,1,128,10,\n")},
      {"topology.csv",
       list("Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, "
            "Num Filter, Strides,\nConv1, 224, 224, 7, 7, 3, 64, 2,\n")}};
  append_cards("generators", generator, all);
  append_cards("calibration", laboratory, all);
  append_cards("chips", chip, all);
  return all;
}

}  // namespace lightloom::fuzz

#include "cosim/analog/products/dynamic_readout.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lightloom::cosim {
namespace {

/// Standard deviations of what outputs have besides the noise of their operands.
struct OutputSigmas {
  float additive = 0;  // of one symbol
  float converter = 0;
  float shot = 0;
  float leak = 0;  // relative laser noise times the share that a pair lets through

  OutputSigmas(const photonic::CoreDescription& core, float step)
      : additive(static_cast<float>(core.noise.additive)),
        converter(static_cast<float>(core.output_adc.noise_lsb) * step),
        shot(static_cast<float>(core.noise.shot)),
        leak(static_cast<float>(core.noise.relative * core.noise.leak)) {}
  [[nodiscard]] bool drawn() const { return additive > 0 || converter > 0 || shot > 0; }
  [[nodiscard]] bool need_power() const { return shot > 0 || leak > 0; }
};

/// Sums of what two lists of `symbols` values have in common: all of both, and of both times the
/// laser's draws.
struct PowerSums {
  float all = 0, laser = 0;
};
PowerSums add_symbols(const float* inputs, const float* weights, const float* laser, int symbols) {
  PowerSums sums;
  for (int s = 0; s < symbols; ++s) {
    const float power = inputs[s] + weights[s];
    sums.all += power;
    if (laser != nullptr) sums.laser += laser[s] * power;
  }
  return sums;
}

/// Turns the normals of outputs into their noise, in place.
void scale_outputs(const SymbolBlock& b, const OutputSigmas& sigmas, DynamicScratch& scratch) {
  const int symbols = b.symbols(), rows = b.tile.rows, vectors = b.core.operands.vectors;
  const bool lit = sigmas.need_power();
  if (lit) measure_symbols(b, scratch.power);
  const auto at = [symbols](const std::vector<float>& values, int k) {
    return values.data() + std::ptrdiff_t{k} * symbols;
  };
  const float constant = sigmas.additive * sigmas.additive * static_cast<float>(symbols) +
                         sigmas.converter * sigmas.converter;
  float* noise = scratch.normals.output.data();
  for (int p = 0; p < b.block.positions; ++p) {
    const float* laser = sigmas.leak > 0 ? at(scratch.normals.laser, p / vectors) : nullptr;
    for (int r = 0; r < rows; ++r, ++noise) {
      const PowerSums power = lit ? add_symbols(at(scratch.power.inputs, p),
                                                at(scratch.power.weights, r), laser, symbols)
                                  : PowerSums{};
      *noise = *noise * std::sqrt(constant + sigmas.shot * sigmas.shot * power.all) +
               sigmas.leak * power.laser;
    }
  }
}

/// The tile that a group's modulators send, or the tile itself where they are exact.
const PackedTile& sent_weights(const SymbolBlock& b, int group, DynamicScratch& scratch) {
  const SymbolNormals& normals = scratch.normals;
  if (normals.magnitude.empty() && normals.phase.empty()) return b.tile;
  PackedTile& sent = scratch.weights;
  sent.rows = b.tile.rows;
  sent.padded_rows = b.tile.padded_rows;
  sent.runs = {{0, sent_width(b)}};
  sent.weights.resize(static_cast<std::size_t>(sent_width(b)) *
                      static_cast<std::size_t>(sent.padded_rows));
  modulate_weights(b, normals, group, sent.weights);
  return sent;
}

/// The positions of one group with what they are sent.
ReadoutBlock group_block(const SymbolBlock& b, int group, DynamicScratch& scratch) {
  const int first = group * b.core.operands.vectors;
  ReadoutBlock part = b.block;
  modulate_inputs(b, scratch.normals, group, scratch.inputs);
  part.positions = std::min(b.core.operands.vectors, b.block.positions - first);
  part.map = scratch.inputs.data();
  part.bases = scratch.bases.data();
  part.outputs = b.block.outputs + first * b.block.output_stride;
  part.sigma = scratch.ones.data();
  part.noise = scratch.normals.output.empty()
                   ? nullptr
                   : scratch.normals.output.data() + std::ptrdiff_t{first} * b.tile.rows;
  return part;
}

}  // namespace

std::int64_t read_out_dynamic(const SymbolBlock& b, const Readout& readout,
                              const SymbolAddress& address, DynamicScratch& scratch) {
  const OutputSigmas sigmas(b.core, readout.step);
  SymbolNormals& normals = scratch.normals;
  draw_symbols(b, address, sigmas.drawn(), normals);
  if (!sigmas.drawn() && sigmas.leak > 0)
    normals.output.assign(
        static_cast<std::size_t>(b.block.positions) * static_cast<std::size_t>(b.tile.rows) +
            4 * readout_lanes,
        0.0F);
  if (!normals.output.empty()) scale_outputs(b, sigmas, scratch);
  const auto vectors = static_cast<std::size_t>(b.core.operands.vectors);
  scratch.ones.assign(vectors, 1.0F);
  scratch.bases.resize(vectors);
  for (std::size_t v = 0; v < vectors; ++v) scratch.bases[v] = static_cast<int>(v) * sent_width(b);
  Readout exact = readout;
  exact.sigma = exact.relative_sigma = 0;
  std::int64_t outside = 0;
  for (int group = 0; group < b.groups(); ++group)
    outside += read_out(sent_weights(b, group, scratch), exact, group_block(b, group, scratch));
  return outside;
}

}  // namespace lightloom::cosim

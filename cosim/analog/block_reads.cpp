#include "cosim/analog/block_reads.hpp"

#include "cosim/analog/output_errors.hpp"
#include "cosim/analog/products/dynamic_readout.hpp"
#include "cosim/analog/read_noise.hpp"

namespace lightloom::cosim {
namespace {

/// Reads a block whose inputs lie as the tile takes them. Returns how many conversions were out of
/// range.
std::int64_t read_gathered(const TilePass& pass, const Readout& readout, ReadoutBlock block,
                           const ReadoutScratch& scratch) {
  const photonic::CoreDescription& core = pass.chip.card();
  if (core.blocks.used()) {
    block.vector_scales = scratch.sent.scales.data();
    block.row_scales = pass.layer.row_scales.data() + pass.tile * core.rows;
  }
  return read_out(pass.packed(), readout, block);
}

/// Network units of a result of the core's full-scale weight and input.
float unit_of(const TilePass& pass) {
  return pass.code.sign * pass.devices.sign *
         pass.layer.scales[static_cast<std::size_t>(pass.tile)] *
         pass.layer.ranges.input_full_scale;
}

/// Both operands are modulated, each with its own noise: one conversion of every output.
BlockCounts read_modulated(const TilePass& pass, ReadoutBlock block, ReadoutScratch& scratch) {
  const photonic::CoreDescription& core = pass.chip.card();
  gather(pass, scratch, block);
  Readout readout = readout_of(pass.layer, core, pass.tile);
  if (readout.step > 0 && !pass.chip.adcs.gain.empty()) readout.curves = &pass.chip.adcs;
  readout.gain = unit_of(pass);
  const StreamAddress address{.seed = pass.chip.seed,
                              .chip = pass.chip.number,
                              .layer = pass.layer.number,
                              .tile = static_cast<std::uint32_t>(pass.tile)};
  BlockCounts counts{.saturated = read_out_dynamic({core, pass.packed(), block}, readout,
                                                   {address, pass.shot}, scratch.dynamic)};
  if (readout.step > 0) counts.conversions = std::int64_t{block.positions} * pass.packed().rows;
  return counts;
}

/// What is sent, and how its result is read.
struct SentRead {
  const InputRead& read;
  const Readout& readout;
};

/// One read, whose result is added to the block's outputs.
std::int64_t read_once(const TilePass& pass, const SentRead& how, ReadoutBlock block,
                       ReadoutScratch& scratch) {
  const auto& [read, readout] = how;
  const ReadoutScratch::Map& sent = sent_map(read, scratch);
  block.map = sent.coded.data();
  block.pixels = sent.pixels.data();
  gather(pass, scratch, block);
  draw_noise(pass, readout, scratch, block);
  scale_drawn(read.noise, scratch, block);
  add_output_errors(pass, scratch, block);
  add_halves(pass, scratch, block);
  const std::int64_t outside = read_gathered(pass, readout, block, scratch);
  take_halves_off(pass, readout.gain, block);
  return outside;
}

/// The same of one of the readings whose mean is taken.
float unit_of_reading(const TilePass& pass) {
  const int readings = pass.chip.card().readings;
  return readings > 1 ? unit_of(pass) / static_cast<float>(readings) : unit_of(pass);
}

/// Each reading of a block has noise of its own. Images, reads and blocks stay far below the
/// highest bits of a shot.
TilePass at_reading(const TilePass& pass, int reading) {
  TilePass at = pass;
  at.shot |= static_cast<std::uint64_t>(reading) << 56;
  at.reading = reading;
  return at;
}

TilePass at_read(const TilePass& pass, std::size_t read) {
  TilePass at = pass;
  at.shot += read * shot_step;
  return at;
}

Readout converting(const TilePass& pass) {
  Readout readout = readout_of(pass.layer, pass.chip.card(), pass.tile);
  if (readout.step > 0 && !pass.chip.adcs.gain.empty()) readout.curves = &pass.chip.adcs;
  return readout;
}

BlockCounts read_and_convert(const TilePass& pass, const InputReads& reads,
                             const ReadoutBlock& block, ReadoutScratch& scratch) {
  BlockCounts counts;
  Readout readout = converting(pass);
  for (std::size_t k = 0; k < reads.reads.size(); ++k) {
    const InputRead& read = reads.reads[k];
    readout.gain = unit_of_reading(pass) * read.weight;
    counts.saturated += read_once(at_read(pass, k), {read, readout}, block, scratch);
    if (readout.step > 0) counts.conversions += std::int64_t{block.positions} * pass.packed().rows;
  }
  return counts;
}

BlockCounts integrate_and_convert(const TilePass& pass, const InputReads& reads,
                                  const ReadoutBlock& block, ReadoutScratch& scratch) {
  const int rows = pass.packed().rows;
  scratch.sums.assign(static_cast<std::size_t>(block.positions) * static_cast<std::size_t>(rows),
                      0.0F);
  ReadoutBlock sums = block;
  sums.outputs = scratch.sums.data();
  sums.output_stride = rows;
  Readout light = light_of(pass.chip.card());
  for (std::size_t k = 0; k < reads.reads.size(); ++k) {
    light.gain = reads.reads[k].weight;
    read_once(at_read(pass, k), {reads.reads[k], light}, sums, scratch);
  }
  Readout readout = converting(pass);
  readout.gain = unit_of_reading(pass);
  BlockCounts counts{.saturated = convert_sums(pass, readout, scratch, block)};
  if (readout.step > 0) counts.conversions = std::int64_t{block.positions} * rows;
  return counts;
}

}  // namespace

BlockCounts read_block(const TilePass& pass, const PassReads& how, const ReadoutBlock& block,
                       ReadoutScratch& scratch) {
  if (how.finds_ranges) {
    ReadoutBlock noiseless = block;
    gather(pass, scratch, noiseless);
    Readout readout;
    readout.gain = unit_of(pass);
    read_gathered(pass, readout, noiseless, scratch);
    return {};
  }
  if (pass.chip.card().operands.present()) return read_modulated(pass, block, scratch);
  BlockCounts counts;
  for (int reading = 0; reading < pass.chip.card().readings; ++reading) {
    const TilePass at = at_reading(pass, reading);
    const BlockCounts read = how.inputs.integrated
                                 ? integrate_and_convert(at, how.inputs, block, scratch)
                                 : read_and_convert(at, how.inputs, block, scratch);
    counts.conversions += read.conversions;
    counts.saturated += read.saturated;
  }
  return counts;
}

}  // namespace lightloom::cosim

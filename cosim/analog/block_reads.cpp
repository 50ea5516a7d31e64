#include "cosim/analog/block_reads.hpp"

#include "cosim/analog/read_noise.hpp"

namespace lightloom::cosim {
namespace {

/// One read, whose result is added to the block's outputs.
std::int64_t read_once(const TilePass& pass, const Readout& readout, const InputRead& read,
                       ReadoutBlock block, ReadoutScratch& scratch) {
  const ReadoutScratch::Map& sent = sent_map(read, scratch);
  block.map = sent.coded.data();
  block.pixels = sent.pixels.data();
  gather(pass, scratch, block);
  draw_noise(pass, readout, scratch, block);
  scale_drawn(read.noise, scratch, block);
  return read_out(pass.packed(), readout, block);
}

/// Network units of a result of the core's full-scale weight and input.
float unit_of(const TilePass& pass) {
  return pass.code.sign * pass.devices.sign *
         pass.layer.scales[static_cast<std::size_t>(pass.tile)] *
         pass.layer.ranges.input_full_scale;
}

TilePass at_read(const TilePass& pass, std::size_t read) {
  TilePass at = pass;
  at.shot += read * shot_step;
  return at;
}

Readout converting(const TilePass& pass) {
  Readout readout = readout_of(pass.layer, pass.chip.card());
  if (readout.step > 0 && !pass.chip.adcs.gain.empty()) readout.curves = &pass.chip.adcs;
  return readout;
}

BlockCounts read_and_convert(const TilePass& pass, const InputReads& reads,
                             const ReadoutBlock& block, ReadoutScratch& scratch) {
  BlockCounts counts;
  Readout readout = converting(pass);
  for (std::size_t k = 0; k < reads.reads.size(); ++k) {
    const InputRead& read = reads.reads[k];
    readout.gain = unit_of(pass) * read.weight;
    counts.saturated += read_once(at_read(pass, k), readout, read, block, scratch);
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
    read_once(at_read(pass, k), light, reads.reads[k], sums, scratch);
  }
  Readout readout = converting(pass);
  readout.gain = unit_of(pass);
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
    read_out(pass.packed(), readout, noiseless);
    return {};
  }
  return how.inputs.integrated ? integrate_and_convert(pass, how.inputs, block, scratch)
                               : read_and_convert(pass, how.inputs, block, scratch);
}

}  // namespace lightloom::cosim

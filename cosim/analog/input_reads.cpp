#include "cosim/analog/input_reads.hpp"

#include <cmath>

namespace lightloom::cosim {

InputReads whole_numbers() { return {.reads = {InputRead{}}}; }

InputReads input_reads(const photonic::CoreDescription& core, const InputCode& code) {
  if (!core.reads.in_bits()) return whole_numbers();
  InputReads reads{.reads = {}, .integrated = core.reads.integrates()};
  const bool repeated = core.reads.sending == photonic::InputSending::pulses;
  const int bits = photonic::magnitude_bits(core.coding, core.input_dac.bits);
  for (int bit = 0; bit < bits; ++bit) {
    const auto counts = static_cast<float>(1 << bit);
    reads.reads.push_back({.bit = bit,
                           .weight = counts / code.levels,
                           .noise = repeated ? 1 / std::sqrt(counts) : 1.0F});
  }
  return reads;
}

std::int64_t send_inputs(const LayerOnCore& layer, const SentPass& pass, ReadoutScratch& scratch) {
  const std::int64_t outside =
      code_inputs({layer.shape, layer.layout}, pass.input, pass.code, scratch.whole.coded);
  for (const InputRead& read : pass.reads.reads) {
    if (read.bit < 0) continue;
    const auto bits = static_cast<std::size_t>(read.bit) + 1;
    if (scratch.bits.size() < bits) scratch.bits.resize(bits);
    std::vector<float>& plane = scratch.bits[bits - 1].coded;
    plane.resize(scratch.whole.coded.size());
    take_bit(scratch.whole.coded, pass.code.levels, read.bit, plane);
  }
  return outside;
}

ReadoutScratch::Map& sent_map(const InputRead& read, ReadoutScratch& scratch) {
  return read.bit < 0 ? scratch.whole : scratch.bits[static_cast<std::size_t>(read.bit)];
}

}  // namespace lightloom::cosim

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cosim/analog/layer_on_core.hpp"

namespace lightloom::cosim {

/// One read of a pass's inputs.
struct InputRead {
  int bit = -1;      // that is sent; -1: the whole number
  float weight = 1;  // of its result in the sum
  float noise = 1;   // standard deviation of its noise in units of that of one symbol
};

/// The reads that the inputs of a pass take, and whether each is converted or their sum is.
struct InputReads {
  std::vector<InputRead> reads;
  bool integrated = false;
};

/// How inputs of that code are read: whole; or bit k, which counts 2^k / levels, in one symbol, or
/// in 2^k symbols whose independent noise has 2^(k/2) times the standard deviation of one.
InputReads input_reads(const photonic::CoreDescription& core, const InputCode& code);
/// The read of whole numbers, which gives what all bits together give without noise and rounding.
InputReads whole_numbers();

/// A pass over an input map (in_height, in_width, in_channels).
struct SentPass {
  const InputCode& code;
  const InputReads& reads;
  std::span<const float> input;
};
/// Codes the map into `scratch.whole` and, where it is sent in bits, splits it into `scratch.bits`.
/// Returns how many inputs were out of range.
std::int64_t send_inputs(const LayerOnCore& layer, const SentPass& pass, ReadoutScratch& scratch);

/// What is sent in a read.
ReadoutScratch::Map& sent_map(const InputRead& read, ReadoutScratch& scratch);

}  // namespace lightloom::cosim

#pragma once

#include "nn/weights/direct/integer_source.hpp"
#include "nn/weights/source/forwarding_source.hpp"

namespace lightloom::nn {

inline constexpr const char* huffman_kind = "huffman";

/// Weights of one block, decoded one after the other: blocks can be read side by side, and damage
/// in one stays in it (in a block's size it moves all that follow). At 12 bits a weight a block has
/// 192 bytes, which one byte can say.
inline constexpr int block_weights = 128;

/// Integers, their levels and training, stored by an optimal prefix code of their own layer. One
/// stream of bytes: the lengths of the 2^bits words, two a byte, the first in the low half (0 to
/// 12; that is the whole table, as the code is canonical); for each block how many bytes it has;
/// the blocks. Decoding is a look-up, a shift and an addition a weight, and an addition a block.
/// How much is stored depends on the weights: `streams` says what the last `codes` gave, and before
/// that what weights of a normal distribution take.
class HuffmanSource final : public ForwardingSource {
 public:
  HuffmanSource(const LayerShape& shape, int bits, const IntegerCard& card);

  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  [[nodiscard]] RegenerationWork work() const override;

 private:
  std::int64_t weights_, scales_, stored_bytes_;
  int bits_;
};

/// The streams of such a layer with weights of a normal distribution, one for every `scales`.
std::vector<StoredStream> huffman_streams(std::int64_t weights, int bits, std::int64_t scales = 1);

/// `huffman`: every layer, 2 to 8 bits, linear ones at `fc_bits`, by default as the others.
SourceEntry huffman_entry();

}  // namespace lightloom::nn
